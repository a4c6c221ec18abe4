//! The integration tests: one binary, a module an area. They run the real binary on real databases and stores.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod binding;
mod changes;
mod cli;
mod completions;
mod config;
mod consent;
mod consent_import;
mod consent_spool;
mod db_adopt;
mod db_backup;
mod db_check;
mod db_cmd;
mod db_embedded;
mod db_grants;
mod db_migrate;
mod db_server;
mod db_shell;
mod db_tls;
mod doctor;
mod examples;
mod faces;
mod faults_database;
mod faults_host;
mod faults_restart;
mod faults_statements;
mod faults_store;
mod faults_world;
mod floors;
mod imaging;
mod matching;
mod nouns;
mod objects;
mod objects_faults;
mod objects_folder;
mod photos;
mod photos_change;
mod photos_store;
mod photos_world;
mod qr;
mod rekognition;
mod review;
mod roster;
mod secrets;
mod selfies;
mod shipped;
#[macro_use]
#[allow(dead_code, reason = "areas use what they need")]
mod support;
mod tags;
mod terminal;
mod upload;
