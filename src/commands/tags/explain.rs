//! `tags explain`

use chrono_tz::Tz;
use clap::Args;

use super::which::{WhichArgs, nothing_named};
use crate::app::App;
use crate::error::Error;
use crate::model::matching::{NO_ENGINE, Thresholds};
use crate::model::status::Verdict;
use crate::model::tag::Decision;
use crate::model::text::count;
use crate::model::time::for_people;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::tags::explain::{self, Beside, Explanation, Other, Reason};

#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub which: WhichArgs,
}

pub async fn run(app: &App, args: ExplainArgs) -> Finished {
    let pair = match args.which.resolve(app).await?.as_slice() {
        [only] => *only,
        [] => return Err(nothing_named()),
        _ => return Err(Error::usage("one tag is explained at a time").hint("name one id, or --photo and --user")),
    };
    let told = explain::explain(app.db().await?, &app.config, pair).await?;
    app.ui.show(&told);
    Ok(Done::OK)
}

impl Render for Explanation {
    fn render(&self, page: &mut Page) {
        let zone = self.timezone.parse().unwrap_or(Tz::UTC);
        page.heading(format!("{} in {}", self.user, self.photo));
        page.line(self.sentence());
        page.gap();
        page.field("Photo", format!("{} ({})", self.photo, self.photo_id));
        page.field("Project", &self.project);
        page.field("User", format!("{} <{}> ({})", self.user, self.email, self.user_id));
        match &self.tag {
            Some(tag) => {
                page.field("Tag", tag.id.to_string());
                page.field("Status", format!("{}, {}", tag.review_status, tag.source));
                page.field("Confidence", format!("{:.1} of 100", tag.confidence));
            }
            None => page.field("Tag", "none"),
        }
        page.field("Consent", self.consent.for_people());
        let selfies: Vec<String> = self.selfies.iter().map(|(status, number)| format!("{number} {status}")).collect();
        page.field("Selfies", if selfies.is_empty() { "none".to_owned() } else { selfies.join(", ") });
        self.faces(page, zone);
        self.scores(page, zone);
        if !self.history.is_empty() {
            page.gap();
            page.heading("What people decided, the latest first");
            for decision in &self.history {
                page.line(told(decision, zone));
            }
        }
    }
}

impl Explanation {
    /// What decides, in a sentence.
    fn sentence(&self) -> String {
        let by_person = self.decision.is_some();
        let review = self.thresholds.review;
        let text = match self.reason {
            Reason::Tagged if by_person => "Tagged: a person said so.",
            Reason::Tagged => "Tagged: the face was clear enough, and nobody has looked at it.",
            Reason::Waiting if self.decision == Some(Verdict::Reopened) => {
                "Waits for a person: a decision was taken back."
            }
            Reason::Waiting => "Waits for a person: the face was not clear enough to be tagged without a look.",
            Reason::Rejected => "Not tagged: a person said that it is somebody else.",
            Reason::Removed => "Not tagged: a person removed the tag.",
            Reason::PhotoDeleted => "Not tagged: the photo was deleted.",
            Reason::PhotoNotReady => "Not tagged: the photo is not ready, so it was not looked at.",
            Reason::UserDeleted => "Not tagged: the user was deleted.",
            Reason::NotMember => "Not tagged: they are not a member of the project.",
            Reason::NoConsent => {
                "Not tagged: they do not allow, in a version that is enough, that their face is looked for."
            }
            Reason::NoSelfie => "Not tagged: no selfie of theirs is approved.",
            Reason::NoVector => "Not tagged: their selfies were not computed by the model that looked at the photo.",
            Reason::NotScanned => "Not tagged: the photo was not looked at for faces.",
            Reason::NoFace => "Not tagged: no face was found in the photo.",
            Reason::PoorFaces => "Not tagged: the faces in the photo are too small or blurred.",
            Reason::Purged => "Not tagged: the photo's faces are not kept any more, so nothing can be compared.",
            Reason::Withdrawn => "Not tagged: the faces in the photo are of people who withdrew their consent.",
            Reason::BelowThreshold => {
                return format!("Not tagged: no face resembles their selfies enough; {review} is needed for a look.");
            }
            Reason::HeldByAnother => {
                let whom = self.held_by.as_ref().map_or_else(|| "somebody else".to_owned(), name);
                return format!("Not tagged: the face that resembles them most is {whom}'s.");
            }
            Reason::NotMatched => "Not tagged yet: photoctl tags match compares the photo's faces.",
            Reason::Findable => "Not tagged, but it would be found now: photoctl tags match --all compares again.",
        };
        text.to_owned()
    }

    fn faces(&self, page: &mut Page, zone: Tz) {
        let Some(scan) = &self.scan else {
            page.field("Faces", "not looked for");
            return;
        };
        let faces = count(u64::from(scan.faces.unsigned_abs()), "face");
        let poor = if scan.poor > 0 { format!(", {} too small or blurred", scan.poor) } else { String::new() };
        let kept = if scan.kept || scan.faces == 0 { "" } else { "; not kept any more" };
        page.field("Faces", format!("{faces}{poor}{kept}, by {} on {}", scan.model, for_people(scan.scanned_at, zone)));
    }

    fn scores(&self, page: &mut Page, zone: Tz) {
        if let Some(judged) = self.judged.as_ref().filter(|judged| judged.model.is_some()) {
            let model = judged.model.as_deref().unwrap_or_default();
            page.field(
                "Judged",
                format!("{:.3} by {} ({model}), {}", judged.score, judged.engine, for_people(judged.at, zone)),
            );
            let then = judged.thresholds.filter(|then| *then != self.thresholds);
            page.field_if("By then", then.as_ref().map(thresholds));
            page.field_if("Turned by", judged.context.as_ref().map(beside));
            page.field_if(
                "Next best",
                judged.runner_up.as_ref().map(|other| format!("{} {:.3}", name(other), other.score.unwrap_or(0.0))),
            );
        } else if let Some(judged) = &self.judged {
            let hand = if judged.engine == NO_ENGINE { "made by hand" } else { "found in the table" };
            page.field("Judged", format!("{hand}: no face was compared"));
        }
        page.field("Thresholds", thresholds(&self.thresholds));
        match (&self.compared, self.not_compared) {
            (Some(face), _) => {
                page.field("Face", format!("number {} of the photo, the largest is 0", face.ordinal));
                for score in &face.scores {
                    page.field("Selfie", format!("{} {:.3}", score.selfie_id, score.score));
                }
            }
            (None, Some(Reason::NoConsent)) => page.field("Selfies' scores", "not computed: there is no consent"),
            (None, Some(Reason::Purged)) => page.field("Selfies' scores", "not known: the photo's faces are not kept"),
            (None, Some(Reason::Withdrawn)) => page.field("Selfies' scores", "not known: the face was withdrawn"),
            (None, _) => {}
        }
    }
}

fn thresholds(held: &Thresholds) -> String {
    format!("confirmed from {}, looked at from {}, margin {}", held.confirm, held.review, held.margin)
}

fn beside(other: &Beside) -> String {
    let photo = other.photo.clone().unwrap_or_else(|| other.photo_id.to_string());
    format!("{photo}, taken by the same camera within seconds, whose face is {:.3} alike", other.score)
}

fn name(other: &Other) -> String {
    other.name.clone().unwrap_or_else(|| other.user_id.to_string())
}

/// `2026-06-01 14:00 CEST  rejected (was pending) by ana`
fn told(decision: &Decision, zone: Tz) -> String {
    let before = decision.before.as_ref().map(|before| format!(" (was {before})")).unwrap_or_default();
    let by = match (&decision.actor, decision.by_web) {
        (Some(actor), _) => format!(" by {actor}"),
        (None, true) => " in the web application".to_owned(),
        (None, false) => String::new(),
    };
    format!("{}  {}{before}{by}", for_people(decision.at, zone), decision.verdict)
}
