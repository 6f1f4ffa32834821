#include "widgets/compare/strategy_list.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "widgets/action_tip.h"
#include "widgets/compare/strategy_form.h"

namespace lvr {
namespace {

// "8 copy", then "8 copy 2": what differs from the other is not typed yet.
std::string copyName(const std::string& title, const std::vector<Strategy>& all) {
    for (int i = 1;; ++i) {
        const std::string name = title + " copy" + (i > 1 ? " " + std::to_string(i) : "");
        if (std::none_of(all.begin(), all.end(),
                         [&](const Strategy& other) { return titleText(other) == name; }))
            return name;
    }
}

// A copy's name says what it is a copy of; once it is something else, it says so itself.
bool isNamedAsCopy(const Strategy& strategy) {
    return strategy.name.starts_with(wordsOf(strategy.options) + " copy");
}

}  // namespace

StrategyList::StrategyList(QWidget* parent)
    // Tab goes through children in the order in which they come here: the buttons first.
    : QWidget(parent), list_(new QListWidget), form_(new StrategyForm) {
    build();
    connect(list_, &QListWidget::currentRowChanged, this, &StrategyList::showCurrent);
    connect(form_, &StrategyForm::edited, this, &StrategyList::edit);
    setStrategies(firstStrategies());
}

void StrategyList::build() {
    list_->setAccessibleName(tr("Strategies"));
    list_->setToolTip(tr("The first strategy is what the others are held against"));
    list_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    auto* add = new QToolButton(this);
    fillAddMenu(add);
    duplicate_ = action("duplicate", tr("Duplicate"), tr("Duplicate strategy"), tr("Ctrl+D"),
                        &StrategyList::duplicate);
    remove_ = action("remove", tr("Remove"), tr("Remove strategy"), QKeySequence::Delete,
                     &StrategyList::removeCurrent);
    up_ = action("up", QStringLiteral("↑"), tr("Move strategy up"), tr("Alt+Up"),
                 &StrategyList::moveUp);
    down_ = action("down", QStringLiteral("↓"), tr("Move strategy down"), tr("Alt+Down"),
                   &StrategyList::moveDown);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(3);
    buttons->addWidget(add);
    for (auto* each : {duplicate_, remove_, up_, down_}) buttons->addWidget(buttonOf(each));
    buttons->addStretch();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(buttons);
    column->addWidget(list_, 1);
    column->addWidget(form_);
}

QAction* StrategyList::action(const QString& name, const QString& shown, const QString& text,
                              const QKeySequence& keys, void (StrategyList::*act)()) {
    QAction* action =
        addListAction(*list_, "strategies." + name, text, keys, [this, act] { (this->*act)(); });
    action->setIconText(shown);
    return action;
}

QToolButton* StrategyList::buttonOf(QAction* action) {
    auto* button = new QToolButton(this);
    button->setDefaultAction(action);
    button->setAccessibleName(action->text());
    return button;
}

void StrategyList::fillAddMenu(QToolButton* add) {
    add->setText(tr("Add"));
    add->setAccessibleName(tr("Add strategies"));
    add->setToolTip(tr("Add one strategy or a family of them"));
    add->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(add);
    for (const auto& preset : strategyPresets())
        menu->addAction(preset.name, this, [this, some = preset.strategies] { this->add(some); })
            ->setObjectName("strategies.add-" + preset.name);
    menu->addSeparator();
    QAction* again = menu->addAction(tr("The first ones again"), this,
                                     [this] { setStrategies(firstStrategies()); });
    again->setObjectName("strategies.first-again");
    again->setToolTip(tr("Replace the list by the strategies it starts with"));
    add->setMenu(menu);
}

void StrategyList::setStrategies(std::vector<Strategy> strategies) {
    strategies_ = std::move(strategies);
    giveColours(strategies_);
    showAll(0);
    Q_EMIT changed();
}

int StrategyList::current() const { return list_->currentRow(); }

void StrategyList::setCurrent(int index) { list_->setCurrentRow(index); }

void StrategyList::add(const std::vector<Strategy>& strategies) {
    const int at = current() + 1;
    strategies_.insert(strategies_.begin() + at, strategies.begin(), strategies.end());
    giveColours(strategies_);
    showAll(at);
    Q_EMIT changed();
}

void StrategyList::duplicate() {
    if (current() < 0) return;
    Strategy copy = strategies_[current()];
    copy.name = copyName(titleText(copy), strategies_);
    copy.colour = -1;
    add({copy});
}

void StrategyList::removeCurrent() {
    const int at = current();
    if (at < 0) return;
    strategies_.erase(strategies_.begin() + at);
    showAll(std::min(at, static_cast<int>(strategies_.size()) - 1));
    Q_EMIT changed();
}

void StrategyList::move(int by) {
    const int from = current(), to = from + by;
    if (from < 0 || to < 0 || to >= static_cast<int>(strategies_.size())) return;
    std::swap(strategies_[from], strategies_[to]);
    showAll(to);
    Q_EMIT changed();
}

void StrategyList::edit(const Strategy& strategy) {
    if (current() < 0) return;
    Strategy& edited = strategies_[current()];
    const bool outgrown =
        isNamedAsCopy(edited) && strategy.name == edited.name && strategy.options != edited.options;
    edited = strategy;
    if (outgrown) {
        edited.name.clear();
        form_->clearName();
    }
    showItem(current());
    Q_EMIT changed();
}

void StrategyList::showAll(int current) {
    const QSignalBlocker quiet(list_);
    list_->clear();
    for (int i = 0; i < static_cast<int>(strategies_.size()); ++i) {
        list_->addItem(new QListWidgetItem(colourSquare(colourOf(strategies_[i])), {}));
        showItem(i);
    }
    list_->setCurrentRow(current);
    showCurrent();
}

void StrategyList::showItem(int index) {
    const Strategy& strategy = strategies_[index];
    const QString title = titleOf(strategy);
    auto* item = list_->item(index);
    item->setText(index == 0 ? tr("%1  (baseline)").arg(title) : title);
    QString about = describe(strategy.options);
    if (!strategy.model.empty())
        about += tr("\nModel: %1").arg(QString::fromStdString(strategy.model));
    item->setToolTip(about);
}

void StrategyList::showCurrent() {
    const int at = current();
    form_->setEnabled(at >= 0);
    if (at >= 0) form_->setStrategy(strategies_[at]);
    duplicate_->setEnabled(at >= 0);
    remove_->setEnabled(at >= 0);
    up_->setEnabled(at > 0);
    down_->setEnabled(at >= 0 && at + 1 < static_cast<int>(strategies_.size()));
}

}  // namespace lvr
