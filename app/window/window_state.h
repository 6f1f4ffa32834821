#pragma once

#include <QByteArray>

class QMainWindow;

namespace lvr {

class PictureConversation;
class Workspaces;

// What the window shows, as one JSON object:
// workspace, title; pictures [{width, height}]; question: the one in the line; answers: the one on
// screen first, then that from the other thought, each as `lvr ask --json` prints it with
// right (true, false, null: not known); conversation [{question, answer, model, decoding, asked_at
// (milliseconds since 1970)}]; regions [[x0, y0, x1, y1, picture]] in the order of the thought;
// runs [{id, kind, status, step, steps}] once Train was looked at, and run: the chosen one's id;
// rollouts {run, step}; compared: the answers of Compare's one question, as answers; comparison:
// its set as the window exports it, with the run it is kept as; causal: Causal's one question as
// core/causal/causal_json has it; messages [{kind:
// hint|error|progress, sentence}].
QByteArray stateOf(const QMainWindow& window, Workspaces& workspaces,
                   const PictureConversation& conversation);

}  // namespace lvr
