//! The country of an IP address, from a file on this computer: any country database in MaxMind's format (MMDB).
//! Nothing is asked over the network.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::Reader;
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::model::country::Country;
use crate::model::text;

/// Where databases of different makers keep the code: MaxMind and DB-IP, then ip-location-db.
const PLACES: [&str; 3] = ["/country/iso_code", "/registered_country/iso_code", "/country_code"];

/// The country that the database of this file has for an address, if it has one.
///
/// # Errors
/// When the file cannot be read, or is no such database.
pub fn country_of(ip: IpAddr, database: &Path) -> Result<Option<Country>> {
    let bytes =
        std::fs::read(database).map_err(|error| Error::io("read the database of countries", database, error))?;
    let wrong = |error: maxminddb::MaxMindDbError| {
        Error::new(Kind::Config, format!("{} is no database of countries in the MMDB format", text::path(database)))
            .with_source(error)
            .hint("geoip_database names it: a file such as GeoLite2-Country.mmdb")
    };
    let reader = Reader::from_source(bytes).map_err(wrong)?;
    // A file of IPv4 networks knows no IPv6 address; the library takes the question for an error.
    if ip.is_ipv6() && reader.metadata().ip_version == 4 {
        return Ok(None);
    }
    let found: Option<Value> = reader.lookup(ip).and_then(|found| found.decode()).map_err(wrong)?;
    let code = found.as_ref().and_then(|found| PLACES.iter().find_map(|place| found.pointer(place)?.as_str()));
    Ok(code.and_then(Country::parse))
}
