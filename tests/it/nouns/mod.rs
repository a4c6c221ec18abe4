//! People, projects, settings and the audit log: acted through the binary, read by psql.

mod audit;
mod audit_proof;
mod change;
mod currency;
mod embedded;
mod hostile;
mod lifecycle;
mod parts;
mod passwords;
mod people;
mod plan;
mod projects;
mod references;
mod settings;

use serde_json::Value;

use crate::photos_world::embedded_sql;
use crate::support::pg::TestDb;
use crate::support::{Output, Photoctl};

/// A machine with a database of its own: on the real server, or embedded.
pub struct House {
    pub machine: Photoctl,
    db: Option<TestDb>,
}

impl House {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let db = runtime.block_on(TestDb::migrated());
        let machine = Photoctl::new().env("DATABASE_URL", db.url()).env("PHOTOCTL_BCRYPT_COST", "10");
        Self { machine, db: Some(db) }
    }

    /// With nothing yet: the embedded database comes with the first operator.
    pub fn bare() -> Self {
        Self { machine: Photoctl::new().env("PHOTOCTL_BCRYPT_COST", "10"), db: None }
    }

    /// With the embedded database.
    pub fn embedded() -> Self {
        let machine = Photoctl::new().env("PHOTOCTL_BCRYPT_COST", "10");
        machine.line("db migrate").ok();
        Self { machine, db: None }
    }

    /// One of each.
    pub fn both() -> [Self; 2] {
        [Self::new(), Self::embedded()]
    }

    /// The database on the real server.
    pub fn real(&self) -> &TestDb {
        self.db.as_ref().expect("a house on the real server")
    }

    /// With the operator ana@example.org in Berlin.
    pub fn with_operator() -> (Self, String) {
        let house = Self::new();
        let ana = house.operator("Ana Events", "ana@example.org");
        (house, ana)
    }

    pub fn psql(&self, sql: &str) -> String {
        match &self.db {
            Some(db) => db.psql(sql),
            None => embedded_sql(self.machine.data(), sql),
        }
    }

    /// Runs words that must succeed, and reads the json that they answer.
    #[track_caller]
    pub fn json(&self, words: &[&str]) -> Value {
        self.machine.args(words).arg("--json").ok().json()
    }

    /// Runs words that must fail with that exit code.
    #[track_caller]
    pub fn fails(&self, code: i32, words: &[&str]) -> Output {
        self.machine.args(words).run().code(code)
    }

    /// The error object of words that must fail.
    #[track_caller]
    pub fn error(&self, code: i32, words: &[&str]) -> Value {
        self.machine.args(words).arg("--json").run().code(code).error()
    }

    pub fn operator(&self, name: &str, email: &str) -> String {
        let words =
            ["operator", "create", "--name", name, "--email", email, "--timezone", "Europe/Berlin", "--no-password"];
        id(&self.json(&words))
    }

    pub fn photographer(&self, operator: &str, name: &str, email: &str) -> String {
        let words =
            ["photographer", "create", "--operator", operator, "--name", name, "--email", email, "--no-password"];
        id(&self.json(&words))
    }

    pub fn user(&self, name: &str, email: &str) -> String {
        id(&self.json(&["user", "create", "--name", name, "--email", email, "--no-password"]))
    }

    pub fn project(&self, operator: &str, name: &str) -> String {
        id(&self.json(&["project", "create", "--operator", operator, "--name", name]))
    }

    /// Everything that is stored, as one text: what a dry run must not change.
    pub fn everything(&self) -> String {
        let tables = [
            "users",
            "operators",
            "photographers",
            "projects",
            "project_members",
            "project_photographers",
            "packages",
            "project_packages",
            "project_coaches",
            "photoctl.installation",
            "photoctl.project_settings",
            "photoctl.declared",
            "photoctl.audit",
            "photoctl.audit_head",
        ];
        tables.map(|table| self.psql(&format!("SELECT t::text FROM {table} t ORDER BY 1"))).join("\n--\n")
    }
}

#[track_caller]
pub fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}
