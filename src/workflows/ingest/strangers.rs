//! Photos that the web application's own uploader made: nobody has recorded what their content is.
//!
//! They are told apart by size first; only where a file on the card has the same size is the object read and hashed.

use std::collections::HashMap;

use futures::StreamExt;
use tokio::sync::OnceCell;

use crate::db::photos::known::Stranger;
use crate::model::digest::Sha256;
use crate::model::ids::PhotoId;
use crate::objects::{StorageKey, Store, StoreError};

/// Objects asked for at once.
const LOOKS: usize = 16;

/// The strangers of a project, by the size of their originals.
#[derive(Debug, Default)]
pub struct Strangers {
    by_size: HashMap<u64, Vec<Object>>,
}

#[derive(Debug)]
struct Object {
    photo: PhotoId,
    key: StorageKey,
    deleted: bool,
    sha256: OnceCell<Sha256>,
}

impl Strangers {
    /// Asks the store for the sizes of their originals. One without an original is nobody's copy.
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn load(store: &Store, strangers: &[Stranger]) -> Result<Self, StoreError> {
        let keys = strangers
            .iter()
            .filter_map(|stranger| StorageKey::foreign(&stranger.storage_key).ok().map(|key| (stranger, key)));
        let mut heads = futures::stream::iter(keys.map(|(stranger, key)| async move {
            let facts = store.head(&key).await;
            (stranger, key, facts)
        }))
        .buffer_unordered(LOOKS);
        let mut by_size: HashMap<u64, Vec<Object>> = HashMap::new();
        while let Some((stranger, key, facts)) = heads.next().await {
            if let Some(facts) = facts? {
                let (photo, deleted) = (stranger.photo, stranger.deleted);
                let object = Object { photo, key, deleted, sha256: OnceCell::new() };
                by_size.entry(facts.size_bytes).or_default().push(object);
            }
        }
        // Of two with one content the one that is there counts.
        by_size.values_mut().for_each(|objects| objects.sort_by_key(|object| (object.deleted, object.photo)));
        Ok(Self { by_size })
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_size.is_empty()
    }

    /// The stranger with this content. Each object is read once at most.
    ///
    /// # Errors
    /// When an object of the same size cannot be read.
    pub async fn find(&self, store: &Store, size_bytes: u64, sha256: &Sha256) -> Result<Option<PhotoId>, StoreError> {
        for object in self.by_size.get(&size_bytes).into_iter().flatten() {
            let hash = object.sha256.get_or_try_init(|| async { store.hash(&object.key).await.map(|(_, hash)| hash) });
            match hash.await {
                Ok(hash) if hash == sha256 => return Ok(Some(object.photo)),
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
