//! What an operator lets clients reach beyond the internet at large.

use std::{fmt, net::IpAddr, str::FromStr};

use reqwest::Url;

use super::{address, network::Network};

/// Hosts, addresses and networks that URLs may lead to although they are not of the internet at large. The default is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    what: What,
    /// None means every port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// A name in lower case, without a dot at its end; whatever it resolves to.
    Name(String),
    /// Addresses, by whatever name.
    Network(Network),
}

/// Everything that is wrong with a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct AllowError(Vec<String>);

impl Allow {
    /// Whether a host may be called at one of its addresses.
    pub(super) fn permits(&self, host: &str, address: IpAddr, port: u16) -> bool {
        address::is_public(address) || self.0.iter().any(|entry| entry.permits(host, address.to_canonical(), port))
    }
}

impl Entry {
    fn permits(&self, host: &str, address: IpAddr, port: u16) -> bool {
        let is_secret = address::is_metadata(address);
        let fits = match &self.what {
            What::Name(name) => !is_secret && host.strip_suffix('.').unwrap_or(host) == name,
            What::Network(network) => network.contains(address) && (!is_secret || network.is_single()),
        };
        fits && self.port.is_none_or(|allowed| allowed == port)
    }
}

impl FromStr for Allow {
    type Err = AllowError;

    /// Reads entries between commas, and reports all that are wrong at once.
    fn from_str(list: &str) -> Result<Self, AllowError> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::parse);
        let (mut known, mut problems) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Ok(entry) => known.push(entry),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self(known)) } else { Err(AllowError(problems)) }
    }
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err(format!("`{text}` is a URL; name its host alone"));
        }
        let (host, port) = split_port(text)?;
        let port = port
            .map(|port| port.parse().ok().filter(|port| *port > 0).ok_or_else(|| format!("`{text}` has no valid port")))
            .transpose()?;
        let what = if host.contains('/') || host.parse::<IpAddr>().is_ok() {
            What::Network(host.parse()?)
        } else {
            What::Name(
                name(host).ok_or_else(|| format!("`{text}` is not the name of a host, an address or a network"))?,
            )
        };
        Ok(Self { what, port })
    }
}

/// The port stands behind the last colon; an IPv6 address has its own colons and must be in brackets then.
fn split_port(text: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(|| format!("`{text}` lacks a closing bracket"))?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(format!("`{text}` goes on behind its bracket")),
        };
    }
    Ok(match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (text, None),
    })
}

/// The spelling that a URL gives a name of a host.
fn name(text: &str) -> Option<String> {
    let plain = text.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | '.'));
    let url = Url::parse(&format!("http://{text}/")).ok().filter(|_| plain && !text.is_empty())?;
    let host = url.host_str()?;
    let name = host.strip_suffix('.').unwrap_or(host);
    // A spelling such as `127.1` is an address, and one that hides it.
    (!name.is_empty() && name.parse::<IpAddr>().is_err()).then(|| name.to_owned())
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.iter().enumerate() {
            write!(f, "{}{entry}", if index > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match &self.what {
            What::Name(name) => name.clone(),
            What::Network(network) => network.to_string(),
        };
        match self.port {
            None => write!(f, "{host}"),
            Some(port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some(port) => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(list: &str, host: &str, address: &str, port: u16) -> bool {
        list.parse::<Allow>().unwrap().permits(host, address.parse().unwrap(), port)
    }

    #[test]
    fn without_entries_only_the_internet_at_large_may_be_called() {
        assert!(permits("", "example.com", "93.184.216.34", 80));
        for address in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "169.254.169.254", "::ffff:10.0.0.1"] {
            assert!(!permits("", "example.com", address, 80), "{address}");
        }
    }

    #[test]
    fn an_address_or_a_network_is_allowed_by_whatever_name_and_form() {
        for list in ["10.1.2.3", "10.0.0.0/8", "fd00::/8, 10.0.0.0/8", "10.1.2.3:80"] {
            assert!(permits(list, "files.corp", "10.1.2.3", 80), "{list}");
            assert!(permits(list, "files.corp", "::ffff:10.1.2.3", 80), "{list}");
            assert!(!permits(list, "files.corp", "192.168.0.1", 80), "{list}");
        }
        assert!(permits("[fd00::1]:443", "fd00::1", "fd00::1", 443));
        assert!(permits("[fd00::/8]:443", "fd00::2", "fd00::2", 443));
        assert!(permits("fd00::1", "files.corp", "fd00::1", 1));
    }

    #[test]
    fn a_name_is_allowed_wherever_it_leads_and_in_any_case() {
        assert!(permits("Files.Corp", "files.corp", "10.1.2.3", 80));
        assert!(permits("files.corp.", "files.corp", "127.0.0.1", 80));
        assert!(permits("files.corp", "files.corp.", "127.0.0.1", 80));
        assert!(permits("bücher.example", "xn--bcher-kva.example", "10.1.2.3", 80));
        assert!(!permits("files.corp", "other.corp", "10.1.2.3", 80));
        assert!(!permits("files.corp", "a.files.corp", "10.1.2.3", 80));
    }

    #[test]
    fn an_entry_with_a_port_is_for_that_port_alone() {
        for list in ["files.corp:8080", "10.1.2.3:8080", "10.0.0.0/8:8080"] {
            assert!(permits(list, "files.corp", "10.1.2.3", 8080), "{list}");
            assert!(!permits(list, "files.corp", "10.1.2.3", 80), "{list}");
        }
    }

    #[test]
    fn the_secrets_of_a_cloud_need_an_entry_of_their_own() {
        for list in ["169.254.0.0/16", "0.0.0.0/0", "metadata.internal", "168.63.129.0/24"] {
            assert!(!permits(list, "metadata.internal", "169.254.169.254", 80), "{list}");
            assert!(!permits(list, "metadata.internal", "168.63.129.16", 80), "{list}");
        }
        assert!(permits("169.254.169.254", "metadata.internal", "169.254.169.254", 80));
        assert!(permits("168.63.129.16/32", "metadata.internal", "168.63.129.16", 80));
        assert!(permits("fd00:ec2::254", "metadata.internal", "fd00:ec2::254", 80));
    }

    #[test]
    fn all_that_is_wrong_is_reported_at_once() {
        let list =
            "files.corp, http://files.corp, 10.0.0.1/8, a b, *.corp, [fd00::1, h:0, h:99999, 127.1, [fd00::1]x, user@h";
        let problem = list.parse::<Allow>().unwrap_err().to_string();
        for said in [
            "`http://files.corp` is a URL",
            "`10.0.0.1/8` has bits",
            "`a b` is not",
            "`*.corp` is not",
            "`[fd00::1` lacks",
            "`h:0` has no valid port",
            "`h:99999` has no valid port",
            "`127.1` is not",
            "`[fd00::1]x` goes on",
            "`user@h` is not",
        ] {
            assert!(problem.contains(said), "{said}: {problem}");
        }
        assert!(!problem.contains("`files.corp`"), "{problem}");
    }

    #[test]
    fn a_list_is_read_as_it_is_written() {
        let list = "files.corp,files.corp:80,10.1.2.3,10.0.0.0/8:8080,fd00::1,[fd00::1]:443,[fd00::/8]:443";
        assert_eq!(list.parse::<Allow>().unwrap().to_string(), list);
        assert_eq!(Allow::default().to_string(), "");
    }
}
