//! The procedures and topics of WAMP clients.

#[cfg(test)]
mod tests;

use actix_web::web::Data;
use serde::Serialize;
use wamp_actix::{Error, Kwargs, PublishError, Realm, Snapshot, rpc, subscribe};

use crate::store::{DocError, Document, Documents, Edit};

#[derive(Serialize)]
struct Found {
    status: &'static str,
    document: Document,
}

#[rpc("myapp:getDoc")]
async fn get_document(
    document_id: &str,
    documents: Data<Documents>,
) -> Result<Kwargs<Found>, DocError> {
    let document = documents.retrieve(document_id)?;
    Ok(Kwargs(Found { status: "SUCCESS", document }))
}

/// A document without its text.
#[derive(Serialize)]
struct Listed {
    id: String,
    title: String,
    revision: u64,
}

#[rpc("myapp:listDocs")]
async fn list_documents(documents: Data<Documents>) -> Vec<Listed> {
    let listed = |Document { id, title, revision, .. }| Listed { id, title, revision };
    documents.list().into_iter().map(listed).collect()
}

// `Error` converts any error: a `DocError` keeps its URI, and a failure to publish is only logged.
#[rpc("myapp:newDoc")]
async fn new_document(
    title: &str,
    #[default] text: String,
    documents: Data<Documents>,
    realm: Realm,
) -> Result<Document, Error> {
    let document = documents.create(title, text)?;
    publish_changed(&realm, &document)?;
    Ok(document)
}

#[rpc("myapp:editDoc")]
async fn edit_document(
    document_id: &str,
    title: Option<String>,
    text: Option<String>,
    revision: Option<u64>,
    documents: Data<Documents>,
    realm: Realm,
) -> Result<Document, Error> {
    let document = documents.edit(document_id, Edit { title, text, revision })?;
    publish_changed(&realm, &document)?;
    Ok(document)
}

#[rpc("myapp:delDoc")]
async fn delete_document(
    document_id: &str,
    documents: Data<Documents>,
    realm: Realm,
) -> Result<(), Error> {
    let document = documents.delete(document_id)?;
    publish_deleted(&realm, &document)?;
    Ok(())
}

/// Sends the state of a document, at once and after each change; null once it is deleted.
#[subscribe("docs.{document_id}.changed")]
async fn document_changes(
    document_id: &str,
    documents: Data<Documents>,
) -> Result<Snapshot<Document>, DocError> {
    Ok(Snapshot(documents.retrieve(document_id)?))
}

/// Sends changes of the list: documents that were added, renamed, edited or deleted.
#[subscribe("docs.changed")]
async fn list_changes() {}

/// An event of `docs.changed`.
#[derive(Serialize)]
struct ListChange<'d> {
    id: &'d str,
    title: &'d str,
    revision: u64,
    deleted: bool,
}

/// Publishes a change to the subscribers of the document and of the list. Workers may publish two
/// changes in another order than they made them: the higher revision is the newer one.
pub(crate) fn publish_changed(realm: &Realm, document: &Document) -> Result<(), PublishError> {
    publish(realm, document, Some(document))
}

fn publish_deleted(realm: &Realm, document: &Document) -> Result<(), PublishError> {
    publish(realm, document, None)
}

fn publish(
    realm: &Realm,
    Document { id, title, revision, .. }: &Document,
    now: Option<&Document>,
) -> Result<(), PublishError> {
    realm.publish(format!("docs.{id}.changed")).arg(now).send()?;
    let change = ListChange { id, title, revision: *revision, deleted: now.is_none() };
    realm.publish("docs.changed").arg(change).send()?;
    Ok(())
}
