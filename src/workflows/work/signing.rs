//! Keys for the steps that sign: read for one attempt, and kept nowhere.

use super::{Work, convert::unwritable};
use crate::{
    engines::{protocol::Step, signing::Certificate},
    workflows::Error,
};

impl Work {
    /// Puts keys beside the names of certificates, or says in a sentence why one cannot be had.
    pub(super) async fn with_keys(&self, mut steps: Vec<Step>) -> Result<Result<Vec<Step>, String>, Error> {
        for step in &mut steps {
            let Step::Sign(sign) = step else { continue };
            let Some(Certificate { name, key }) = &mut sign.certificate else { continue };
            let (certificates, wanted) = (self.config.certificates.clone(), name.clone());
            // The folder may be on another machine.
            let read = tokio::task::spawn_blocking(move || certificates.read(&wanted)).await;
            match read.map_err(|error| unwritable("read a certificate", &std::io::Error::other(error)))? {
                Ok(found) => *key = Some(found),
                Err(error) => return Ok(Err(format!("The documents cannot be signed: {error}."))),
            }
        }
        Ok(Ok(steps))
    }
}
