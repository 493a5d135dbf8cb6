//! Hosts behind TLS, and the authority that speaks for them.

use std::sync::Arc;

use bindery::egress::{Egress, EgressConfig};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use super::remote::{Prepared, Remote, SHORT, listen, read_head};

/// Whoever certifies that a host has its name.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// One that nobody has heard of.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate as a file holds it.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A way out that trusts it and no other, and finds every name on this machine.
    pub(crate) fn trusted(&self) -> Egress {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let resolver = Prepared::answers(&[&["127.0.0.1"]]);
        Egress::new(EgressConfig { allow: "127.0.0.1".parse().unwrap(), limits: SHORT, roots, resolver })
    }

    /// A host of a name that writes one answer to each connection and ends it, with a farewell or without.
    pub(crate) async fn host(&self, name: &str, answer: String, says_farewell: bool) -> Remote {
        let acceptor = TlsAcceptor::from(Arc::new(self.identity(name)));
        let (listener, address) = listen().await;
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever does not trust us hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                read_head(&mut stream).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                if says_farewell {
                    stream.shutdown().await.unwrap();
                }
            }
        });
        Remote { address, arrived: Arc::default(), connections: Arc::default(), serving }
    }

    fn identity(&self, name: &str) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        config.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key).unwrap()
    }
}
