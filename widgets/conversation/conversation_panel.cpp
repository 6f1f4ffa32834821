#include "widgets/conversation/conversation_panel.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/action_tip.h"
#include "widgets/compare/strategy.h"
#include "widgets/conversation/exchange_list.h"

namespace lvr {
namespace {

// What is worth putting beside an answer: every kind of rule, and sampling.
std::vector<DecodeOptions> branchesOf(const DecodeOptions& options) {
    std::vector<DecodeOptions> branches;
    for (const ExitRule& rule :
         {ExitRule(NoLatents{}), ExitRule(FixedSteps{4}), ExitRule(FixedSteps{8}),
          ExitRule(FixedSteps{16}), ExitRule(EndToken{}), ExitRule(EndProbability{})}) {
        branches.push_back(options);
        branches.back().exit = rule;
    }
    branches.push_back(options);
    branches.back().sampling.temperature = options.sampling.temperature > 0 ? 0 : 0.7;
    std::erase(branches, options);
    return branches;
}

}  // namespace

ConversationPanel::ConversationPanel(QWidget* parent)
    : QWidget(parent),
      list_(new ExchangeList(this)),
      empty_(new QLabel(this)),
      note_(new QLabel(this)) {
    makeActions();
    build();
    connect(list_, &ExchangeList::chosen, this, &ConversationPanel::chosen);
    connect(list_, &ExchangeList::currentChangedTo, this, &ConversationPanel::updateActions);
    show({});
}

QAction* ConversationPanel::addAction(const QString& name, const QString& text, const QString& tip,
                                      const QKeySequence& key,
                                      void (ConversationPanel::*wanted)(const Exchange&)) {
    auto* action = new QAction(text, this);
    action->setObjectName("conversation." + name);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    action->setToolTip(tip);
    updateTip(*action);
    if (wanted)
        connect(action, &QAction::triggered, this, [this, wanted] {
            if (const auto exchange = list_->current()) (this->*wanted)(*exchange);
        });
    list_->addAction(action);
    return action;
}

void ConversationPanel::makeActions() {
    edit_ = addAction("edit", tr("&Edit"), tr("Take the question back into the line and change it"),
                      Qt::Key_F2, &ConversationPanel::editWanted);
    again_ = addAction("again", tr("&Again"),
                       tr("Ask the same again with the same options; when sampling, with a new "
                          "seed"),
                       Qt::Key_F5, &ConversationPanel::againWanted);
    branch_ = addAction("branch", tr("&Branch"),
                        tr("Ask the same under another exit rule or temperature, beside this "
                           "answer"),
                        {}, nullptr);
    branch_->setMenu(branchMenu());
    copy_ = addAction("copy-answer", tr("&Copy answer"), tr("Copy the answer's text"),
                      QKeySequence::Copy, &ConversationPanel::copyWanted);
    remove_ = addAction("delete-answer", tr("&Delete answer…"),
                        tr("Take this answer out of the conversation"), QKeySequence::Delete,
                        &ConversationPanel::removeWanted);
    copyAll_ = addAction("copy-all", tr("Copy conversation as &Markdown"),
                         tr("Copy questions and answers"), {}, nullptr);
    export_ = addAction("export", tr("E&xport conversation…"), tr("Write it as Markdown or JSON"),
                        {}, nullptr);
    clear_ = addAction("clear", tr("C&lear history…"),
                       tr("Delete the answers kept for this picture, or all of them"), {}, nullptr);
    connect(copyAll_, &QAction::triggered, this, &ConversationPanel::copyAllWanted);
    connect(export_, &QAction::triggered, this, &ConversationPanel::exportWanted);
    connect(clear_, &QAction::triggered, this, &ConversationPanel::clearWanted);
    list_->setContextMenuPolicy(Qt::ActionsContextMenu);
}

// Filled when it opens, with what differs from the selected answer.
QMenu* ConversationPanel::branchMenu() {
    auto* menu = new QMenu(this);
    connect(menu, &QMenu::aboutToShow, this, [this, menu] {
        menu->clear();
        const auto exchange = list_->current();
        if (!exchange) return;
        for (const DecodeOptions& options : branchesOf(exchange->outline.options))
            menu->addAction(describe(options), this,
                            [this, exchange, options] { Q_EMIT branchWanted(*exchange, options); });
    });
    return menu;
}

void ConversationPanel::addButton(QHBoxLayout* row, QAction* action, QMenu* menu) {
    auto* button = new QToolButton(this);
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setAccessibleName(action->text().remove('&'));
    if (menu) button->setMenu(menu);
    if (button->menu() || action->menu()) button->setPopupMode(QToolButton::InstantPopup);
    row->addWidget(button);
}

void ConversationPanel::build() {
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(2);
    for (QAction* action : {edit_, again_, branch_}) addButton(buttons, action);
    auto* more = new QMenu(this);
    more->addActions({copy_, remove_});
    more->addSeparator();
    more->addActions({copyAll_, export_});
    more->addSeparator();
    more->addAction(clear_);
    auto* moreAction = new QAction(tr("&More"), this);
    moreAction->setObjectName("conversation.more");
    moreAction->setToolTip(tr("Copy, export, delete"));
    addButton(buttons, moreAction, more);
    buttons->addStretch();
    empty_->setText(
        tr("What you ask about this picture is listed here. Click an answer to see it on the "
           "picture again, without asking again."));
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    empty_->setContentsMargins(4, 4, 4, 4);
    note_->setWordWrap(true);
    note_->setTextFormat(Qt::PlainText);
    note_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    note_->setAccessibleName(tr("About the history"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(4, 4, 4, 4);
    column->addLayout(buttons);
    column->addWidget(list_, 1);
    column->addWidget(empty_, 1);
    column->addWidget(note_);
    say({});
}

void ConversationPanel::show(const std::vector<Exchange>& exchanges) {
    any_ = !exchanges.empty();
    list_->show(exchanges);
    list_->setVisible(any_);
    empty_->setVisible(!any_);
    updateActions();
}

void ConversationPanel::markShown(const std::string& id) { list_->markShown(id); }

void ConversationPanel::say(const QString& note) {
    note_->setText(note);
    note_->setVisible(!note.isEmpty());
}

void ConversationPanel::updateActions() {
    const bool selected = list_->current().has_value();
    for (QAction* action : {edit_, again_, branch_, copy_, remove_}) action->setEnabled(selected);
    copyAll_->setEnabled(any_);
    export_->setEnabled(any_);
}

}  // namespace lvr
