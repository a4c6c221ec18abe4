//! db_migrate
