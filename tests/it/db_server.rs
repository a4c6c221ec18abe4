//! db_server
