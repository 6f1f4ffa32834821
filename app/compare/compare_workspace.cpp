#include "app/compare/compare_workspace.h"

#include <QScrollArea>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "app/compare/question_page.h"
#include "app/compare/set_page.h"
#include "core/error.h"
#include "core/eval/strategies_json.h"
#include "widgets/compare/strategy_list.h"
#include "widgets/message_bar.h"

namespace lvr {
namespace {

// What needs more room than a small screen has is scrolled, and widens no window.
QScrollArea* scrolled(QWidget* content) {
    auto* area = new QScrollArea;
    area->setWidget(content);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setFocusPolicy(Qt::NoFocus);
    return area;
}

}  // namespace

CompareWorkspace::CompareWorkspace(const CompareServices& services, QWidget* parent)
    : QWidget(parent),
      store_(services.store.string()),
      strategies_(new StrategyList(this)),
      question_(new QuestionPage(services)),  // the tabs take them, so that Tab comes there first
      set_(new SetPage(services)),
      tabs_(new QTabWidget(this)),
      splitter_(new QSplitter(Qt::Horizontal, this)),
      messages_(new MessageBar(this)) {
    tabs_->setAccessibleName(tr("What is compared"));
    tabs_->tabBar()->setAccessibleName(tr("One question or a set"));
    tabs_->addTab(question_, tr("One question"));
    tabs_->addTab(set_, tr("A set"));
    tabs_->setDocumentMode(true);
    strategies_->layout()->setContentsMargins(8, 8, 4, 8);
    splitter_->addWidget(strategies_);
    splitter_->addWidget(scrolled(tabs_));
    splitter_->setStretchFactor(1, 1);
    splitter_->setCollapsible(1, false);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(messages_);
    column->addWidget(splitter_, 1);
    wire();
}

void CompareWorkspace::wire() {
    connect(strategies_, &StrategyList::changed, this, [this] { chosen_ = true; });
    connect(question_, &QuestionPage::asked, this, &CompareWorkspace::compare);
    connect(set_, &SetPage::runAsked, this, &CompareWorkspace::compareSet);
    connect(question_, &QuestionPage::filesGiven, this, &CompareWorkspace::filesGiven);
    connect(question_, &QuestionPage::picturePasted, this, &CompareWorkspace::picturePasted);
    connect(question_, &QuestionPage::said, this, &CompareWorkspace::say);
    connect(set_, &SetPage::said, this, &CompareWorkspace::say);
    const auto fail = [this](const QString& sentence) {
        messages_->say(MessageBar::Kind::Error, sentence);
    };
    connect(question_, &QuestionPage::failed, this, fail);
    connect(set_, &SetPage::failed, this, fail);
    const auto report = [this] { Q_EMIT busyChanged(isBusy()); };
    connect(question_, &QuestionPage::busyChanged, this, report);
    connect(set_, &SetPage::busyChanged, this, report);
    connect(set_, &SetPage::questionChosen, this,
            [this](const Sample& sample, const std::vector<Strategy>& strategies) {
                tabs_->setCurrentWidget(question_);
                question_->setSample(sample, tr("from the set"));
                question_->compare(strategies);
            });
}

void CompareWorkspace::say(const QString& sentence) {
    messages_->say(MessageBar::Kind::Hint, sentence);
}

void CompareWorkspace::setModel(const ModelInfo& model) {
    set_->setModelName(model.name);
    if (chosen_) return;
    auto strategies = firstStrategies();
    strategies.front().options = model.decoding;
    strategies_->setStrategies(std::move(strategies));
    chosen_ = false;
}

void CompareWorkspace::showQuestion(const Sample& sample) {
    tabs_->setCurrentWidget(question_);
    showInPage(sample);
}

void CompareWorkspace::showInPage(const Sample& sample) {
    fromAsk_ = sample.question;
    question_->setSample(sample, tr("from Ask"));
}

void CompareWorkspace::follow(const Sample& sample) {
    if (!isBusy() && sample.question != fromAsk_) showInPage(sample);
}

void CompareWorkspace::addModel(const QString& folder) {
    strategies_->add({{.model = folder.toStdString()}});
}

void CompareWorkspace::compare() {
    messages_->dismiss();
    tabs_->setCurrentWidget(question_);
    question_->compare(strategies_->strategies());
}

void CompareWorkspace::compareSet() {
    messages_->dismiss();
    set_->run(strategies_->strategies());
}

void CompareWorkspace::start() {
    if (tabs_->currentWidget() == set_)
        compareSet();
    else
        compare();
}

void CompareWorkspace::showPast() {
    tabs_->setCurrentWidget(set_);
    set_->showPast();
}

void CompareWorkspace::chooseExport() {
    if (tabs_->currentWidget() == set_)
        set_->chooseExport();
    else
        question_->chooseExport();
}

void CompareWorkspace::stop() {
    question_->stop();
    set_->stop();
}

bool CompareWorkspace::isBusy() const { return question_->isBusy() || set_->isBusy(); }

bool CompareWorkspace::isAskingSet() const { return set_->isAsking(); }

QByteArray CompareWorkspace::saveState() const {
    const SetChoice choice = set_->choice();
    nlohmann::ordered_json state{{"file", choice.file},
                                 {"image_root", choice.imageRoot},
                                 {"kind", choice.kind},
                                 {"count", choice.count},
                                 {"seed", choice.seed},
                                 {"store", store_},
                                 {"run", set_->runNumber()},
                                 {"tab", tabs_->currentIndex()},
                                 {"splitter", splitter_->saveState().toBase64().toStdString()}};
    if (chosen_) state["strategies"] = strategiesToText(strategies_->strategies());
    using Json = nlohmann::ordered_json;
    return QByteArray::fromStdString(state.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void CompareWorkspace::restoreState(const QByteArray& text) {
    const auto state = nlohmann::json::parse(text.toStdString(), nullptr, false);
    if (!state.is_object()) return;
    try {
        set_->setChoice({.file = state.value("file", ""),
                         .imageRoot = state.value("image_root", ""),
                         .kind = state.value("kind", ""),
                         .count = state.value("count", SetChoice{}.count),
                         .seed = state.value("seed", SetChoice{}.seed)});
        tabs_->setCurrentIndex(state.value("tab", 0));
        splitter_->restoreState(
            QByteArray::fromBase64(QByteArray::fromStdString(state.value("splitter", ""))));
        if (state.contains("strategies"))
            strategies_->setStrategies(strategiesFromText(state.at("strategies")));
        const std::int64_t run = state.value("run", std::int64_t{0});
        if (run != 0 && state.value("store", "") == store_) set_->open(run);
    } catch (const nlohmann::json::exception&) {
        say(tr("The comparison's last choices could not be read; choose them again."));
    } catch (const Error& error) {
        say(QString::fromUtf8(error.what()));
    }
}

}  // namespace lvr
