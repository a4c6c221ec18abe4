//! db_check
