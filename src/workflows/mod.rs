//! What the tool exists for. Workflows join the services below them, report by a `Progress`, and never print.

pub mod ingest;
