//! The contract's fifteen tables as data.

use super::ColumnDefault as D;
use super::ColumnType::{self, Integer, Real, Text, Timestamp, Uuid, Varchar, Vector};
use super::Origin::{Contract, General};
use super::{ColumnSpec, ForeignKeySpec, TableSpec};

const ID: ColumnSpec = ColumnSpec { name: "id", kind: Uuid, nullable: false, default: D::Id, origin: Contract };
const CREATED: ColumnSpec = since("created_at");
const GENERAL_CREATED: ColumnSpec =
    ColumnSpec { name: "created_at", kind: Timestamp, nullable: false, default: D::Now, origin: General };
const UPDATED: ColumnSpec =
    ColumnSpec { name: "updated_at", kind: Timestamp, nullable: false, default: D::Now, origin: General };
const DELETED: ColumnSpec =
    ColumnSpec { name: "deleted_at", kind: Timestamp, nullable: true, default: D::None, origin: General };

const fn column(name: &'static str, kind: ColumnType) -> ColumnSpec {
    ColumnSpec { name, kind, nullable: false, default: D::None, origin: Contract }
}

const fn nullable(name: &'static str, kind: ColumnType) -> ColumnSpec {
    ColumnSpec { name, kind, nullable: true, default: D::None, origin: Contract }
}

/// A time of creation under whatever name.
const fn since(name: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind: Timestamp, nullable: false, default: D::Now, origin: Contract }
}

const fn references(column: &'static str, table: &'static str) -> ForeignKeySpec {
    ForeignKeySpec { column, table }
}

/// The shared tables, each after those that it refers to.
#[must_use]
pub fn spec() -> &'static [TableSpec] {
    TABLES
}

const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "users",
        columns: &[
            ID,
            column("name", Varchar(255)),
            column("email", Varchar(255)),
            column("password_hash", Text),
            nullable("address", Text),
            nullable("billing_address", Text),
            CREATED,
            UPDATED,
            DELETED,
        ],
        primary_key: &["id"],
        uniques: &[&["email"]],
        foreign_keys: &[],
        indexes: &[],
    },
    TableSpec {
        name: "operators",
        columns: &[
            ID,
            column("name", Varchar(255)),
            column("email", Varchar(255)),
            column("password_hash", Text),
            column("currency", Varchar(3)),
            column("locale", Varchar(10)),
            column("timezone", Varchar(64)),
            nullable("profile_picture_url", Text),
            CREATED,
            UPDATED,
            DELETED,
        ],
        primary_key: &["id"],
        uniques: &[&["email"]],
        foreign_keys: &[],
        indexes: &[],
    },
    TableSpec {
        name: "photographers",
        columns: &[
            ID,
            column("operator_id", Uuid),
            column("name", Varchar(255)),
            column("email", Varchar(255)),
            column("password_hash", Text),
            nullable("address", Text),
            CREATED,
            UPDATED,
            DELETED,
        ],
        primary_key: &["id"],
        uniques: &[&["email"]],
        foreign_keys: &[references("operator_id", "operators")],
        indexes: &["operator_id"],
    },
    TableSpec {
        name: "projects",
        columns: &[
            ID,
            column("operator_id", Uuid),
            column("name", Varchar(255)),
            nullable("location_name", Varchar(255)),
            nullable("start_at", Timestamp),
            nullable("end_at", Timestamp),
            nullable("project_link", Text),
            nullable("terms_and_conditions", Text),
            nullable("timezone", Varchar(64)),
            CREATED,
            UPDATED,
            DELETED,
        ],
        primary_key: &["id"],
        uniques: &[],
        foreign_keys: &[references("operator_id", "operators")],
        indexes: &["operator_id"],
    },
    TableSpec {
        name: "project_members",
        columns: &[
            ID,
            column("project_id", Uuid),
            column("user_id", Uuid),
            since("joined_at"),
            nullable("terms_accepted_at", Timestamp),
        ],
        primary_key: &["id"],
        uniques: &[&["project_id", "user_id"]],
        foreign_keys: &[references("project_id", "projects"), references("user_id", "users")],
        indexes: &["project_id", "user_id"],
    },
    TableSpec {
        name: "project_photographers",
        columns: &[ID, column("project_id", Uuid), column("photographer_id", Uuid), GENERAL_CREATED],
        primary_key: &["id"],
        uniques: &[],
        foreign_keys: &[references("project_id", "projects"), references("photographer_id", "photographers")],
        indexes: &["project_id", "photographer_id"],
    },
    TableSpec {
        name: "packages",
        columns: &[
            ID,
            column("operator_id", Uuid),
            column("name", Varchar(255)),
            column("price", Integer),
            column("photo_count", Integer),
            CREATED,
            since("updated_at"),
            DELETED,
        ],
        primary_key: &["id"],
        uniques: &[],
        foreign_keys: &[references("operator_id", "operators")],
        indexes: &["operator_id"],
    },
    TableSpec {
        name: "project_packages",
        columns: &[column("project_id", Uuid), column("package_id", Uuid), GENERAL_CREATED],
        primary_key: &["project_id", "package_id"],
        uniques: &[],
        foreign_keys: &[references("project_id", "projects"), references("package_id", "packages")],
        indexes: &[],
    },
    TableSpec {
        name: "project_coaches",
        columns: &[ID, column("project_id", Uuid), column("name", Varchar(255)), GENERAL_CREATED],
        primary_key: &["id"],
        uniques: &[],
        foreign_keys: &[references("project_id", "projects")],
        indexes: &["project_id"],
    },
    TableSpec {
        name: "photos",
        columns: &[
            ID,
            column("project_id", Uuid),
            column("photographer_id", Uuid),
            column("storage_key", Varchar(512)),
            nullable("thumbnail_key", Varchar(512)),
            nullable("watermarked_key", Varchar(512)),
            column("status", Varchar(20)),
            since("uploaded_at"),
            UPDATED,
            DELETED,
        ],
        primary_key: &["id"],
        uniques: &[],
        foreign_keys: &[references("project_id", "projects"), references("photographer_id", "photographers")],
        indexes: &["project_id", "photographer_id"],
    },
    TableSpec {
        name: "selfies",
        columns: &[
            ID,
            column("user_id", Uuid),
            column("storage_key", Varchar(512)),
            nullable("embedding", Vector(128)),
            nullable("quality_score", Real),
            column("status", Varchar(20)),
            nullable("rejection_reason", Text),
            CREATED,
            UPDATED,
            DELETED,
        ],
        primary_key: &["id"],
        uniques: &[],
        foreign_keys: &[references("user_id", "users")],
        indexes: &["user_id"],
    },
    TableSpec {
        name: "photo_tags",
        columns: &[
            ID,
            column("photo_id", Uuid),
            column("user_id", Uuid),
            column("confidence", Real),
            column("source", Varchar(20)),
            column("review_status", Varchar(20)),
            CREATED,
            UPDATED,
        ],
        primary_key: &["id"],
        uniques: &[],
        foreign_keys: &[references("photo_id", "photos"), references("user_id", "users")],
        indexes: &["photo_id", "user_id"],
    },
    TableSpec {
        name: "purchases",
        columns: &[
            ID,
            column("user_id", Uuid),
            column("project_id", Uuid),
            column("package_id", Uuid),
            column("stripe_payment_intent_id", Varchar(255)),
            column("status", Varchar(20)),
            CREATED,
            UPDATED,
        ],
        primary_key: &["id"],
        uniques: &[&["stripe_payment_intent_id"]],
        foreign_keys: &[
            references("user_id", "users"),
            references("project_id", "projects"),
            references("package_id", "packages"),
        ],
        indexes: &["user_id", "project_id", "package_id"],
    },
    TableSpec {
        name: "user_consents",
        columns: &[
            ID,
            column("user_id", Uuid),
            column("consent_type", Varchar(50)),
            column("consent_version", Varchar(20)),
            since("given_at"),
            nullable("revoked_at", Timestamp),
        ],
        primary_key: &["id"],
        uniques: &[],
        foreign_keys: &[references("user_id", "users")],
        indexes: &["user_id"],
    },
    TableSpec {
        name: "qr_tokens",
        columns: &[
            ID,
            column("project_id", Uuid),
            column("token", Varchar(255)),
            column("expires_at", Timestamp),
            nullable("used_at", Timestamp),
            CREATED,
        ],
        primary_key: &["id"],
        uniques: &[&["token"]],
        foreign_keys: &[references("project_id", "projects")],
        indexes: &["project_id"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_a_table_is_one_of_its_columns_and_references_point_back() {
        let mut before: Vec<&str> = Vec::new();
        for table in spec() {
            let names = table.primary_key.iter().chain(table.indexes).chain(table.uniques.iter().copied().flatten());
            for name in names {
                assert!(table.column(name).is_some(), "{}.{name}", table.name);
            }
            for key in table.foreign_keys {
                assert!(
                    table.column(key.column).is_some() && before.contains(&key.table),
                    "{}.{}",
                    table.name,
                    key.column
                );
            }
            before.push(table.name);
        }
        assert_eq!(before.len(), 15);
    }
}
