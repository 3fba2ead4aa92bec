//! The state of an exercise, its beginning and its end.

use vigiles_model::incident::TimelineEvent;
use vigiles_model::{Exercise, ExerciseId, IncidentState, Reality};

use crate::book::Book;
use crate::command::{CommandDone, CommandError};
use crate::config::text;
use crate::effect::Effect;
use crate::engine::Engine;
use crate::incidents::{Answer, Asked, Cases};
use crate::live::Live;
use crate::partition::Seat;
use crate::turn::Turn;

/// The sets of changing state, in the order in which they have their turn.
pub(crate) const SIDES: [Reality; 2] = [Reality::Actual, Reality::Exercise];

/// The exercise under way.
#[derive(Debug)]
pub(crate) struct Drill {
    pub(crate) exercise: Exercise,
    pub(crate) live: Live,
    /// The city's rules, made ready for the names that the exercise knows.
    pub(crate) book: Book,
}

impl Drill {
    pub(crate) fn new(exercise: Exercise) -> Self {
        Self { exercise, live: Live::of(Reality::Exercise), book: Book::default() }
    }
}

impl Engine {
    /// The exercise under way.
    pub fn exercise(&self) -> Option<&Exercise> {
        self.drill.as_ref().map(|drill| &drill.exercise)
    }

    pub(crate) fn start_exercise(&mut self, asked: Asked<'_>, id: &ExerciseId, name: &str) -> Answer {
        text("name", name)?;
        if let Some(running) = self.exercise() {
            let why = format!("exercise {} is under way; end it first", running.id);
            return Err(CommandError::NotAllowed { why });
        }
        let exercise = Exercise { id: id.clone(), name: name.to_owned(), started: asked.at };
        let mut drill = Drill::new(exercise.clone());
        drill.book = Book::of(&self.config, &mut drill.live.names, Seat::Whole);
        self.drill = Some(Box::new(drill));
        Ok(CommandDone::Exercise(exercise))
    }

    pub(crate) fn end_exercise(
        &mut self,
        asked: Asked<'_>,
        id: &ExerciseId,
        reason: &str,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        text("reason", reason)?;
        let Some(exercise) = self.exercise().filter(|running| running.id == *id).cloned() else {
            return Err(CommandError::NotFound { what: "exercise under way".to_owned(), id: id.to_string() });
        };
        if let Some(mut turn) = self.turn_of(Reality::Exercise, effects) {
            turn.close_cases(asked, &format!("exercise ended: {reason}"));
            turn.end_states(|_| true, asked.at);
        }
        self.drill = None;
        Ok(CommandDone::Exercise(exercise))
    }
}

impl Turn<'_> {
    /// Closes every incident as it stands and forgets them all, so that what is cleared next starts no more tasks.
    fn close_cases(&mut self, asked: Asked<'_>, reason: &str) {
        let numbers: Vec<u64> = self.live.cases.all().keys().copied().collect();
        for number in numbers {
            let closed = self.live.cases.change(number, |case| {
                let from = case.incident.state;
                if matches!(from, IncidentState::Closed | IncidentState::Merged) {
                    return false;
                }
                case.incident.state = IncidentState::Closed;
                let (to, reason) = (IncidentState::Closed, Some(reason.to_owned()));
                case.note(asked.at, asked.by, TimelineEvent::State { from, to, reason });
                case.touch(asked.at);
                true
            });
            if closed == Some(true) {
                self.show_case(number);
            }
        }
        self.live.cases = Cases::of(self.reality);
    }
}
