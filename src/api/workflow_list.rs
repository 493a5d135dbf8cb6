use super::{
    Answer,
    openapi::operation,
    views::{Profile, Workflow},
};
use crate::workflows::lists::WORKFLOWS;

operation!("service", ListWorkflows: NotAcceptable);

/// Lists the workflows with their profiles; the first of each is the default.
#[utoipa::path(
    get, path = "/workflows", impl_for = ListWorkflows, operation_id = "listWorkflows",
    responses((status = 200, description = "The workflows.", body = ref("#/components/schemas/Workflows")))
)]
pub(super) async fn list_workflows() -> Answer<Vec<Workflow>> {
    Answer(views())
}

/// The workflows that there are.
pub(super) fn views() -> Vec<Workflow> {
    let profiles = |names: &'static [&'static str]| {
        names.iter().enumerate().map(|(index, name)| Profile { name, is_default: index == 0 }).collect()
    };
    let views = WORKFLOWS.iter().enumerate().map(|(index, workflow)| Workflow {
        name: workflow.name,
        is_default: index == 0,
        profiles: profiles(workflow.profiles),
    });
    views.collect()
}
