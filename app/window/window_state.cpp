#include "app/window/window_state.h"

#include <QMainWindow>
#include <nlohmann/json.hpp>

#include "app/ask/ask_workspace.h"
#include "app/ask/picture_conversation.h"
#include "app/causal/causal_workspace.h"
#include "app/compare/compare_workspace.h"
#include "app/compare/set_page.h"
#include "app/runs/train_workspace.h"
#include "app/window/workspaces.h"
#include "core/causal/causal_json.h"
#include "core/eval/comparison_text.h"
#include "core/store/run_store.h"
#include "core/trace/trace_json.h"
#include "widgets/compare/answer_columns.h"
#include "widgets/conversation/exchange_text.h"
#include "widgets/message_bar.h"

namespace lvr {
namespace {

using State = nlohmann::ordered_json;

State answerState(const Trace& trace) {
    State state = toJson(trace);
    const auto right = isRight(trace);
    state["right"] = right ? State(*right) : State();
    return state;
}

State answersState(const AskWorkspace& ask) {
    State answers = State::array();
    if (!ask.trace().steps.empty()) answers.push_back(answerState(ask.trace()));
    if (ask.otherAnswer()) answers.push_back(answerState(*ask.otherAnswer()));
    return answers;
}

State picturesState(const AskWorkspace& ask) {
    State pictures = State::array();
    for (const Image& image : ask.trace().question.images)
        pictures.push_back({{"width", image.width}, {"height", image.height}});
    return pictures;
}

State conversationState(const PictureConversation& conversation) {
    State rows = State::array();
    for (const Exchange& exchange : conversation.exchanges())
        rows.push_back(
            {{"question", exchange.outline.question.text},
             {"answer", exchange.outline.answer},
             {"model", exchange.outline.model},
             {"decoding", exchange.outline.method.empty()
                              ? decodingText(exchange.outline.options, exchange.outline.origins)
                              : exchange.outline.method},
             {"asked_at", exchange.askedAt}});
    return rows;
}

State regionsState(const AskWorkspace& ask) {
    State regions = State::array();
    for (const Box& box : ask.regions())
        regions.push_back({box.x0, box.y0, box.x1, box.y1, box.image});
    return regions;
}

// One question under several strategies, in their order; those that have not answered are left out.
State comparedState(const QWidget& compare) {
    State answers = State::array();
    const auto* columns = compare.findChild<AnswerColumns*>();
    for (int i = 0; columns && i < columns->count(); ++i)
        if (const Trace& trace = columns->column(i).answer().trace; !trace.steps.empty())
            answers.push_back(answerState(trace));
    return answers;
}

// As the window exports it.
State setState(const QWidget& compare) {
    const auto* page = compare.findChild<SetPage*>();
    if (!page || page->results().questions.empty()) return nullptr;
    State set = State::parse(toJson(page->results()));
    set["run"] = page->runNumber();
    return set;
}

// The one question's panel as far as it has come; null before there is one.
State causalState(const CausalWorkspace& causal) {
    return causal.panel().grid.count() > 0 ? State::parse(toJson(causal.panel())) : State();
}

State runsState(Workspaces& workspaces) {
    State runs = State::array();
    if (!workspaces.trainIfMade()) return runs;
    for (const RunSummary& summary : workspaces.trainIfMade()->runs())
        runs.push_back({{"id", summary.run.id},
                        {"kind", summary.run.info.kind},
                        {"status", toText(summary.run.status)},
                        {"step", summary.run.step},
                        {"steps", summary.run.info.steps}});
    return runs;
}

// Of the parts that can be seen.
State messagesState(const QMainWindow& window) {
    State messages = State::array();
    for (const auto* bar : window.findChildren<MessageBar*>()) {
        if (!bar->isVisibleTo(&window) || bar->sentence().isEmpty()) continue;
        const char* kind = bar->showsProgress()                     ? "progress"
                           : bar->kind() == MessageBar::Kind::Error ? "error"
                                                                    : "hint";
        messages.push_back({{"kind", kind}, {"sentence", bar->sentence().toStdString()}});
    }
    return messages;
}

}  // namespace

QByteArray stateOf(const QMainWindow& window, Workspaces& workspaces,
                   const PictureConversation& conversation) {
    const AskWorkspace& ask = workspaces.ask();
    const CompareWorkspace* compare = workspaces.compareIfMade();
    const CausalWorkspace* causal = workspaces.causalIfMade();
    const auto place = workspaces.place();
    const State state{{"workspace", nameOf(workspaces.current()).toStdString()},
                      {"title", window.windowTitle().toStdString()},
                      {"pictures", picturesState(ask)},
                      {"question", ask.question().toStdString()},
                      {"answers", answersState(ask)},
                      {"conversation", conversationState(conversation)},
                      {"regions", regionsState(ask)},
                      {"runs", runsState(workspaces)},
                      {"run", place.run},
                      {"rollouts", {{"run", place.rolloutsRun}, {"step", place.rolloutsStep}}},
                      {"compared", compare ? comparedState(*compare) : State::array()},
                      {"comparison", compare ? setState(*compare) : State()},
                      {"causal", causal ? causalState(*causal) : State()},
                      {"messages", messagesState(window)}};
    // What a model says need not be UTF-8 to the last byte.
    return QByteArray::fromStdString(state.dump(2, ' ', false, State::error_handler_t::replace) +
                                     "\n");
}

}  // namespace lvr
