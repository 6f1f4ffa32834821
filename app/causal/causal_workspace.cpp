#include "app/causal/causal_workspace.h"

#include <QApplication>
#include <QClipboard>
#include <QScrollArea>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "app/causal/panel_page.h"
#include "app/causal/tested_set_page.h"
#include "app/engine/tiny_model.h"
#include "core/error.h"
#include "widgets/causal/intervention_grid.h"
#include "widgets/message_bar.h"

namespace lvr {
namespace {

using Json = nlohmann::ordered_json;

// Nothing was said of other options: as the model offers.
DiagnosedModel diagnosedModel(const ModelInfo& model) {
    return {
        .name = model.name, .isShipped = model.name == kTinyModelName, .offered = model.decoding};
}

// What needs more room than a small screen has is scrolled, and widens no window.
QScrollArea* scrolling(QWidget* content) {
    auto* area = new QScrollArea;
    area->setWidget(content);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setFocusPolicy(Qt::NoFocus);
    return area;
}

Json choiceJson(const SetChoice& choice) {
    return {{"file", choice.file},
            {"image_root", choice.imageRoot},
            {"kind", choice.kind},
            {"count", choice.count},
            {"seed", choice.seed}};
}

SetChoice choiceFrom(const Json& json) {
    return {.file = json.value("file", ""),
            .imageRoot = json.value("image_root", ""),
            .kind = json.value("kind", ""),
            .count = json.value("count", SetChoice{}.count),
            .seed = json.value("seed", SetChoice{}.seed)};
}

}  // namespace

CausalWorkspace::CausalWorkspace(const CompareServices& services, QWidget* parent)
    : QWidget(parent),
      store_(services.store.string()),
      question_(new PanelPage(services)),  // the tabs take them, so that Tab comes there first
      set_(new TestedSetPage(services)),
      tabs_(new QTabWidget(this)),
      messages_(new MessageBar(this)) {
    tabs_->setAccessibleName(tr("What is tested"));
    tabs_->tabBar()->setAccessibleName(tr("One question or a set"));
    setRoom_ = scrolling(set_);
    tabs_->addTab(question_, tr("One question"));
    tabs_->addTab(setRoom_, tr("A set"));
    tabs_->setDocumentMode(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(messages_);
    column->addWidget(tabs_, 1);
    wire();
    wireSet();
}

void CausalWorkspace::wire() {
    connect(&question_->grid(), &InterventionGrid::changed, this, [this] {
        chosen_ = true;
        set_->setInterventions(question_->grid().chosen());
    });
    connect(question_, &PanelPage::testAsked, this, &CausalWorkspace::test);
    connect(question_, &PanelPage::filesGiven, this, &CausalWorkspace::filesGiven);
    connect(question_, &PanelPage::picturePasted, this, &CausalWorkspace::picturePasted);
    connect(question_, &PanelPage::said, this, &CausalWorkspace::say);
    connect(question_, &PanelPage::failed, this,
            [this](const QString& sentence) { messages_->say(MessageBar::Kind::Error, sentence); });
    connect(question_, &PanelPage::busyChanged, this, [this] { Q_EMIT busyChanged(isBusy()); });
    question_->setDonorSet([this] { return set_->choice(); });
}

void CausalWorkspace::wireSet() {
    connect(set_, &TestedSetPage::runAsked, this, &CausalWorkspace::testSet);
    connect(set_, &TestedSetPage::said, this, &CausalWorkspace::say);
    connect(set_, &TestedSetPage::failed, this,
            [this](const QString& sentence) { messages_->say(MessageBar::Kind::Error, sentence); });
    connect(set_, &TestedSetPage::busyChanged, this, [this] { Q_EMIT busyChanged(isBusy()); });
    // Export and Copy the command are about what is in front.
    connect(tabs_, &QTabWidget::currentChanged, this, [this] { Q_EMIT busyChanged(isBusy()); });
}

void CausalWorkspace::say(const QString& sentence) {
    messages_->say(MessageBar::Kind::Hint, sentence);
}

void CausalWorkspace::setModel(const ModelInfo& model) {
    question_->setModel(model, diagnosedModel(model));
    set_->setModel(diagnosedModel(model));
}

// ---- What is tested ----

void CausalWorkspace::showQuestion(const CausalSubject& subject) {
    tabs_->setCurrentWidget(question_);
    showInPage(subject);
}

void CausalWorkspace::showInPage(const CausalSubject& subject) {
    fromAsk_ = subject;
    question_->setSample(subject.sample, subject.options, tr("from Ask"));
    question_->setRegions(subject.regions);
}

void CausalWorkspace::follow(const CausalSubject& subject) {
    if (isBusy()) return;
    const bool isNew =
        subject.sample.question != fromAsk_.sample.question || subject.options != fromAsk_.options;
    if (isNew) return showInPage(subject);
    fromAsk_.regions = subject.regions;
    question_->setRegions(subject.regions);
}

void CausalWorkspace::showOneQuestion() { tabs_->setCurrentWidget(question_); }

void CausalWorkspace::showSet() { tabs_->setCurrentWidget(setRoom_); }

void CausalWorkspace::test() {
    messages_->dismiss();
    tabs_->setCurrentWidget(question_);
    question_->test();
}

void CausalWorkspace::testSet() {
    messages_->dismiss();
    set_->run(fromAsk_.options);
}

bool CausalWorkspace::isSetInFront() const { return tabs_->currentWidget() == setRoom_; }

void CausalWorkspace::start() { isSetInFront() ? testSet() : test(); }

void CausalWorkspace::stop() {
    question_->stop();
    set_->stop();
}

void CausalWorkspace::showPast() {
    tabs_->setCurrentWidget(setRoom_);
    set_->showPast();
}

void CausalWorkspace::chooseExport() {
    isSetInFront() ? set_->chooseExport() : question_->chooseExport();
}

void CausalWorkspace::exportTo(const QString& file) {
    isSetInFront() ? set_->exportTo(file) : question_->exportTo(file);
}

void CausalWorkspace::copyCommand() {
    if (!isSetInFront()) return question_->copyCommand();
    QApplication::clipboard()->setText(set_->command());
    say(tr("Copied: %1").arg(set_->command()));
}

bool CausalWorkspace::hasExport() const {
    return isSetInFront() ? set_->hasExport() : question_->hasPanel() && !question_->isBusy();
}

bool CausalWorkspace::isBusy() const { return question_->isBusy() || !set_->isSettled(); }

bool CausalWorkspace::isTestingSet() const { return set_->isTesting(); }

const CausalPanel& CausalWorkspace::panel() const { return question_->panel(); }

// ---- From one time to the next ----

QByteArray CausalWorkspace::saveState() const {
    Json state{{"tab", tabs_->currentIndex()},
               {"splitters", question_->saveSplitters().toBase64().toStdString()},
               {"set", choiceJson(set_->choice())},
               {"store", store_},
               {"run", set_->runNumber()}};
    if (chosen_) {
        for (const auto& each : question_->grid().all())
            state["interventions"].push_back(toText(each));
        state["checks"] = question_->grid().checks();
    }
    if (!question_->keptPanel().empty()) state["panel"] = question_->keptPanel();
    return QByteArray::fromStdString(state.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void CausalWorkspace::restoreState(const QByteArray& text) {
    const auto state = Json::parse(text.toStdString(), nullptr, false);
    if (!state.is_object()) return;
    try {
        question_->restoreSplitters(
            QByteArray::fromBase64(QByteArray::fromStdString(state.value("splitters", ""))));
        if (state.contains("interventions")) {
            std::vector<Intervention> all;
            for (const std::string text : state.at("interventions"))
                all.push_back(parseIntervention(text));
            question_->grid().setAll(all, state.value("checks", std::vector<bool>()));
            question_->setRegions(fromAsk_.regions);  // which a text does not hold
            chosen_ = true;
        }
        if (state.contains("panel")) question_->showKept(state.at("panel"));
        if (state.contains("set")) set_->setChoice(choiceFrom(state.at("set")));
        const std::int64_t run = state.value("run", std::int64_t{0});
        if (run != 0 && state.value("store", "") == store_) set_->open(run);
        tabs_->setCurrentIndex(state.value("tab", 0));
    } catch (const nlohmann::json::exception&) {
        say(tr("What was tested last could not be read; test it again."));
    } catch (const Error& error) {
        say(QString::fromUtf8(error.what()));
    }
}

}  // namespace lvr
