//! The documents, in memory.

use std::collections::BTreeMap;

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use parking_lot::Mutex;
use serde::Serialize;
use wamp_actix::WampError;

const MAX_TITLE_CHARS: usize = 100;

/// A document. Every change raises its revision.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) revision: u64,
}

/// An error of a request about a document.
#[derive(Debug, thiserror::Error, WampError)]
pub(crate) enum DocError {
    #[error("there is no document {document_id:?}")]
    #[wamp("myapp.error.not_found")]
    NotFound { document_id: String },
    #[error("somebody else has changed the document: it has revision {revision}")]
    #[wamp("myapp.error.conflict")]
    Conflict { revision: u64 },
    #[error("a title has between 1 and {max_chars} characters")]
    #[wamp("myapp.error.invalid_title")]
    InvalidTitle { max_chars: usize },
}

/// The same errors for ordinary routes.
impl ResponseError for DocError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::InvalidTitle { .. } => StatusCode::BAD_REQUEST,
        }
    }
}

/// A change of a document; fields that are `None` stay as they are.
#[derive(Debug, Default)]
pub(crate) struct Edit {
    pub(crate) title: Option<String>,
    pub(crate) text: Option<String>,
    /// The revision that the author has seen. A document with another revision is not changed.
    pub(crate) revision: Option<u64>,
}

/// All documents.
#[derive(Debug, Default)]
pub(crate) struct Documents(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    documents: BTreeMap<String, Document>,
    last_id: u64,
}

impl Documents {
    /// Returns a store with sample documents.
    pub(crate) fn seeded() -> Self {
        let documents = Self::default();
        for (title, text) in [
            ("Welcome", include_str!("../page/welcome.txt")),
            ("Shopping list", "Bread\nOlives\nTwo lemons\n"),
            (
                "Haiku",
                "A call, an event,\none socket carries them both.\nThe frog jumps: splash. Ack.\n",
            ),
        ] {
            documents.create(title, text.to_owned()).expect("the titles above are valid");
        }
        documents
    }

    pub(crate) fn list(&self) -> Vec<Document> {
        self.0.lock().documents.values().cloned().collect()
    }

    pub(crate) fn retrieve(&self, document_id: &str) -> Result<Document, DocError> {
        self.0.lock().documents.get(document_id).cloned().ok_or_else(|| not_found(document_id))
    }

    pub(crate) fn create(&self, title: &str, text: String) -> Result<Document, DocError> {
        let title = valid_title(title)?;
        let mut shelf = self.0.lock();
        shelf.last_id += 1;
        let document = Document { id: format!("d{}", shelf.last_id), title, text, revision: 1 };
        shelf.documents.insert(document.id.clone(), document.clone());
        Ok(document)
    }

    pub(crate) fn edit(&self, document_id: &str, edit: Edit) -> Result<Document, DocError> {
        let title = edit.title.as_deref().map(valid_title).transpose()?;
        let mut shelf = self.0.lock();
        let document =
            shelf.documents.get_mut(document_id).ok_or_else(|| not_found(document_id))?;
        if edit.revision.is_some_and(|seen| seen != document.revision) {
            return Err(DocError::Conflict { revision: document.revision });
        }
        document.title = title.unwrap_or_else(|| document.title.clone());
        document.text = edit.text.unwrap_or_else(|| document.text.clone());
        document.revision += 1;
        Ok(document.clone())
    }

    /// Removes a document. Returns it with the revision of the deletion.
    pub(crate) fn delete(&self, document_id: &str) -> Result<Document, DocError> {
        let deleted =
            self.0.lock().documents.remove(document_id).ok_or_else(|| not_found(document_id))?;
        Ok(Document { revision: deleted.revision + 1, ..deleted })
    }
}

fn not_found(document_id: &str) -> DocError {
    DocError::NotFound { document_id: document_id.to_owned() }
}

fn valid_title(title: &str) -> Result<String, DocError> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE_CHARS {
        return Err(DocError::InvalidTitle { max_chars: MAX_TITLE_CHARS });
    }
    Ok(title.to_owned())
}
