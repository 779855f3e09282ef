#![allow(unused)]

use std::collections::HashMap;

use wamp_actix::{Context, Error, FromContext, rpc};

#[derive(serde::Deserialize)]
struct Customer(String);

impl FromContext for Customer {
    async fn from_context(_: &Context) -> Result<Self, Error> {
        Ok(Self("anonymous".into()))
    }
}

#[rpc("com.example.result")]
async fn result(customer: Result<Customer, String>) {}

#[rpc("com.example.box", "com.example.alias")]
async fn boxed(customer: Box<Customer>, maybe: Option<Box<Customer>>) {}

#[rpc("com.example.tuple")]
async fn tuple(pair: (u8, Option<Customer>)) {}

#[rpc("com.example.marked")]
async fn marked(
    #[arg] argument: Box<Customer>,
    #[default] list: Vec<Customer>,
    #[args] more: Vec<Customer>,
    #[kwargs] map: HashMap<String, [Customer; 1]>,
) {
}

#[rpc("com.example.{capture}")]
async fn capture(capture: Box<Customer>) {}

fn main() {}
