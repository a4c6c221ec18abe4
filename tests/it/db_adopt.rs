//! db_adopt
