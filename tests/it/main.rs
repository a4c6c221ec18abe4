//! Integration tests: one binary, a module an area.

mod objects;
mod objects_faults;
mod objects_folder;
mod support;
