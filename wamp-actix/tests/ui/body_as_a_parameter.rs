#![allow(unused)]

use actix_web::Either;
use actix_web::web::{self, Bytes, BytesMut, Data, Form, Json, Payload};
use serde::Deserialize;
use wamp_actix::{Session, publish, rpc, subscribe};

#[derive(Deserialize)]
struct Order {
    id: u64,
}

type Input = web::Json<Order>;

#[rpc("com.example.json")]
async fn json(session: Session, order: Json<Order>) {}

#[rpc("com.example.alias")]
async fn alias(order: Input) {}

#[rpc("com.example.form")]
async fn form(order: web::Form<Order>) {}

#[publish("com.example.bytes")]
async fn bytes(content: Bytes) {}

#[rpc("com.example.bytes_mut")]
async fn bytes_mut(content: actix_web::web::BytesMut) {}

#[subscribe("com.example.payload")]
async fn payload(content: Payload) {}

#[rpc("com.example.either")]
async fn either(order: Either<Json<Order>, Form<Order>>) {}

#[rpc("com.example.option")]
async fn option(order: Option<Json<Order>>) {}

#[rpc("com.example.result")]
async fn result(order: Result<Form<Order>, actix_web::Error>) {}

#[rpc("com.example.tuple")]
async fn tuple(both: (Data<String>, Option<Bytes>)) {}

#[rpc("com.example.aliases")]
async fn aliases(order: Option<Input>) {}

fn main() {}
