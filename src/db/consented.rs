//! The check that stands before everything that is done with a face of a user.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::pool::Tx;
use crate::error::Result;
use crate::model::consent::{BIOMETRIC, Standing, Versions};
use crate::model::ids::UserId;

/// Users whose faces may be processed, for as long as this lives: it is the transaction that holds a share lock on
/// their consents, so a revocation waits until it has ended. Only [`Consented::check`] makes one.
///
/// What computes, stores, sends or compares a user's face takes this or an [`Allowed`] of it, and writes through its
/// connection: after the revocation has committed there is no token any more.
pub struct Consented {
    tx: Tx,
    standings: BTreeMap<UserId, Standing>,
}

/// One user of a [`Consented`], with the connection that keeps it true.
pub struct Allowed<'a> {
    conn: &'a mut PgConnection,
    user: UserId,
}

/// Which of a project's users, or which users at all, are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub users: &'a [UserId],
    /// Versions that are enough; where there are several lists, one of them (a selfie serves several projects).
    pub enough: &'a [Versions],
}

impl Consented {
    /// Locks the active consents of these users to biometric processing and looks whose are enough. Everybody asked
    /// for has a standing afterwards; only those who allow it can be had as [`Allowed`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn check(mut tx: Tx, asked: Asked<'_>) -> Result<Self> {
        let ids: Vec<Uuid> = asked.users.iter().map(|user| user.0).collect();
        // In one order everywhere: two that lock the same users never wait for each other.
        let rows = sqlx::query!(
            "SELECT user_id, consent_version FROM user_consents
              WHERE user_id = ANY($1) AND consent_type = $2 AND revoked_at IS NULL
              ORDER BY id
                FOR SHARE",
            &ids,
            BIOMETRIC,
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut active: BTreeMap<UserId, Vec<String>> = BTreeMap::new();
        for row in rows {
            active.entry(UserId(row.user_id)).or_default().push(row.consent_version);
        }
        let without: Vec<Uuid> = ids.iter().copied().filter(|id| !active.contains_key(&UserId(*id))).collect();
        let ever = sqlx::query_scalar!(
            "SELECT DISTINCT user_id FROM user_consents WHERE user_id = ANY($1) AND consent_type = $2",
            &without,
            BIOMETRIC,
        )
        .fetch_all(&mut *tx)
        .await?;
        let ever: BTreeSet<Uuid> = ever.into_iter().collect();
        let gone = sqlx::query_scalar!("SELECT id FROM users WHERE id = ANY($1) AND deleted_at IS NOT NULL", &ids)
            .fetch_all(&mut *tx)
            .await?;
        let gone: BTreeSet<Uuid> = gone.into_iter().collect();
        let standing = |user: &UserId| {
            let versions = active.get(user).map(Vec::as_slice).unwrap_or_default();
            if gone.contains(&user.0) {
                // Whoever was deleted is not looked for, whatever they agreed to.
                return Standing::Revoked;
            }
            let ever = !versions.is_empty() || ever.contains(&user.0);
            let stands = asked.enough.iter().map(|enough| Standing::of(versions, ever, enough));
            // The order of the standings is from the best to the worst.
            stands.min().unwrap_or(Standing::Missing)
        };
        let standings = asked.users.iter().map(|user| (*user, standing(user))).collect();
        Ok(Self { tx, standings })
    }

    /// Asks anew within the same transaction: of these users, by these versions. The locks that are held stay.
    ///
    /// # Errors
    /// What the database says.
    pub async fn again(self, asked: Asked<'_>) -> Result<Self> {
        Self::check(self.tx, asked).await
    }

    /// How a user stands. `None`: nobody asked for them.
    #[must_use]
    pub fn standing(&self, user: UserId) -> Option<Standing> {
        self.standings.get(&user).copied()
    }

    /// Whether this user's face may be processed now.
    #[must_use]
    pub fn allows(&self, user: UserId) -> bool {
        self.standing(user) == Some(Standing::Allowed)
    }

    /// Everybody whose face may be processed now.
    pub fn users(&self) -> impl Iterator<Item = UserId> + '_ {
        self.standings.iter().filter(|(_, standing)| **standing == Standing::Allowed).map(|(user, _)| *user)
    }

    /// One user, where they allow it.
    pub fn of(&mut self, user: UserId) -> Option<Allowed<'_>> {
        self.allows(user).then_some(Allowed { conn: &mut self.tx, user })
    }

    /// The connection that holds the locks.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Commits what was written under it, and lets revocations through.
    ///
    /// # Errors
    /// When the server did not confirm.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await
    }

    /// Takes back what was written under it.
    ///
    /// # Errors
    /// When the connection is cut.
    pub async fn rollback(self) -> Result<()> {
        self.tx.rollback().await
    }
}

impl Allowed<'_> {
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        self.conn
    }
}
