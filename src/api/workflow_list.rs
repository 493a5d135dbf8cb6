use super::{
    Answer,
    views::{Profile, Workflow},
};
use crate::workflows::lists::WORKFLOWS;

/// Lists the workflows with their profiles; the first of each is the default.
pub(super) async fn list_workflows() -> Answer<Vec<Workflow>> {
    let profiles = |names: &'static [&'static str]| {
        names.iter().enumerate().map(|(index, name)| Profile { name, is_default: index == 0 }).collect()
    };
    let views = WORKFLOWS.iter().enumerate().map(|(index, workflow)| Workflow {
        name: workflow.name,
        is_default: index == 0,
        profiles: profiles(workflow.profiles),
    });
    Answer(views.collect())
}
