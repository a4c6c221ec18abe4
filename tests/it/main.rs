//! The integration tests: one binary, a module an area.

mod db_adopt;
mod db_backup;
mod db_check;
mod db_embedded;
mod db_grants;
mod db_migrate;
mod db_server;
mod support;
