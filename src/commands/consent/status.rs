//! `consent status`

use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::reference;
use crate::model::consent::{Standing, Versions};
use crate::model::ids::{ProjectId, UserId};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::consent;

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Name only the members who stand so
    #[arg(long, value_enum, value_name = "STANDING")]
    pub only: Option<Standing>,
}

pub async fn run(app: &App, args: StatusArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
    let standings = consent::standings(&mut conn, &app.config, &project).await?;
    let counts = standings.counts();
    let count = |standing| counts.get(&standing).copied().unwrap_or(0);
    let named = standings.members.into_iter().filter(|(_, standing)| args.only.is_none_or(|only| only == *standing));
    let members = named.map(|(member, standing)| MemberStanding {
        id: member.id,
        name: member.name,
        email: member.email,
        standing,
        versions: member.active,
    });
    app.ui.show(&StatusReport {
        project_id: project.id,
        project: project.name,
        sufficient_versions: match standings.enough {
            Versions::Any => None,
            Versions::These(versions) => Some(versions),
        },
        allowed: count(Standing::Allowed),
        old_version: count(Standing::OldVersion),
        revoked: count(Standing::Revoked),
        missing: count(Standing::Missing),
        members: members.collect(),
    });
    Ok(Done::OK)
}

#[derive(Debug, Serialize)]
struct StatusReport {
    project_id: ProjectId,
    project: String,
    /// None: any version is enough.
    sufficient_versions: Option<Vec<String>>,
    allowed: u64,
    old_version: u64,
    revoked: u64,
    missing: u64,
    members: Vec<MemberStanding>,
}

#[derive(Debug, Serialize)]
struct MemberStanding {
    id: UserId,
    name: String,
    email: String,
    standing: Standing,
    /// Of the consents that are active.
    versions: Vec<String>,
}

impl Render for StatusReport {
    fn render(&self, page: &mut Page) {
        page.heading(&self.project);
        let versions = self.sufficient_versions.as_ref().map_or("any".to_owned(), |versions| versions.join(", "));
        page.field("Enough is", format!("version {versions}"));
        let counts = [
            (Standing::Allowed, self.allowed),
            (Standing::OldVersion, self.old_version),
            (Standing::Revoked, self.revoked),
            (Standing::Missing, self.missing),
        ];
        for (standing, count) in counts {
            page.field(&capitalised(standing.for_people()), count.to_string());
        }
        page.gap();
        page.table(
            &["id", "name", "email", "consent", "versions"],
            self.members.iter().map(|member| {
                let standing = member.standing.for_people().to_owned();
                vec![
                    member.id.to_string(),
                    member.name.clone(),
                    member.email.clone(),
                    standing,
                    member.versions.join(", "),
                ]
            }),
        );
    }
}

/// `Old version`
fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
