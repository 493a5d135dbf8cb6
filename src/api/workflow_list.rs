use super::{
    Answer, ApiState, Problem,
    openapi::operation,
    views::{Profile, Workflow},
};
use crate::{storage::profiles::ProfileRow, workflows::lists::WORKFLOWS};

operation!("service", ListWorkflows: NotAcceptable, Unavailable);

/// Lists the workflows with their profiles; the first of each is the default.
#[utoipa::path(
    get, path = "/workflows", impl_for = ListWorkflows, operation_id = "listWorkflows",
    responses((status = 200, description = "The workflows.", body = ref("#/components/schemas/Workflows")))
)]
pub(super) async fn list_workflows(state: ApiState) -> Result<Answer<Vec<Workflow>>, Problem> {
    let ctx = state.workflows();
    Ok(Answer(views(&ctx.profiles.known(ctx).await?)))
}

/// The workflows that there are, with profiles that stand in their order; one without a profile cannot be used.
pub(super) fn views(profiles: &[ProfileRow]) -> Vec<Workflow> {
    let of = |workflow: &str| -> Vec<Profile> {
        let own = profiles.iter().filter(|row| row.workflow == workflow);
        own.map(|row| Profile { name: row.name.clone(), is_default: row.is_default }).collect()
    };
    let views = WORKFLOWS.iter().enumerate().map(|(index, workflow)| Workflow {
        name: workflow.name,
        is_default: index == 0,
        profiles: of(workflow.name),
    });
    views.filter(|workflow| !workflow.profiles.is_empty()).collect()
}
