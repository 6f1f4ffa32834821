#include "widgets/regions/region_actions.h"

#include <QAction>
#include <QKeySequence>
#include <QLabel>
#include <QUndoStack>
#include <QWidget>

#include "widgets/action_tip.h"

namespace lvr {
namespace {

QAction* make(QObject* owner, const char* name, const QString& text, const QKeySequence& keys,
              const QString& tip) {
    auto* action = new QAction(text, owner);
    action->setObjectName(name);
    action->setShortcut(keys);
    action->setToolTip(tip);
    updateTip(*action);
    return action;
}

}  // namespace

RegionBar::RegionBar(const QList<QAction*>& actions, QWidget* parent)
    : QToolBar(tr("Regions"), parent), summary_(new QLabel(this)) {
    setToolButtonStyle(Qt::ToolButtonTextOnly);
    setAccessibleName(tr("Regions"));
    summary_->setAccessibleName(tr("What is drawn"));
    summary_->setContentsMargins(8, 0, 8, 0);
    addWidget(summary_);
    addActions(actions);
}

void RegionBar::say(const QString& summary) { summary_->setText(summary); }

RegionActions::RegionActions(QUndoStack& history, QWidget* panel, QObject* owner)
    : draw(make(owner, "regions.draw", QObject::tr("&Draw region"), Qt::Key_R,
                QObject::tr("Draw, move and resize regions on the picture"))),
      add(make(owner, "regions.add", QObject::tr("&Add"), Qt::Key_Insert,
               QObject::tr("A new region in the middle, to be moved by keys"))),
      remove(make(owner, "regions.remove", QObject::tr("&Remove"), QKeySequence::Delete,
                  QObject::tr("Remove the chosen region"))),
      clear(make(owner, "regions.remove-all", QObject::tr("Remove a&ll"), {},
                 QObject::tr("Remove all regions"))),
      undo(history.createUndoAction(owner, QObject::tr("Undo"))),
      redo(history.createRedoAction(owner, QObject::tr("Redo"))),
      tokens(make(owner, "regions.tokens", QObject::tr("Show &tokens"), Qt::Key_T,
                  QObject::tr("Show which visual tokens the regions cover"))),
      snap(make(owner, "regions.snap", QObject::tr("&Snap to tokens"), Qt::Key_G,
                QObject::tr("Make the chosen region, or all, just as large as the tokens it "
                            "covers"))),
      fromTokens(make(owner, "regions.from-tokens", QObject::tr("Region from t&okens"),
                      Qt::Key_Return,
                      QObject::tr("A region around the tokens picked with Ctrl+click"))),
      useKnown(make(owner, "regions.known", QObject::tr("&Known regions"), {},
                    QObject::tr("Take the question's own regions, to be changed"))),
      copy(make(owner, "regions.copy", QObject::tr("&Copy regions"), {},
                QObject::tr("Copy as JSON, [[x0, y0, x1, y1], …]; while drawing Ctrl+C"))),
      paste(make(owner, "regions.paste", QObject::tr("&Paste regions"), {},
                 QObject::tr("Add the regions on the clipboard; while drawing Ctrl+V"))),
      thought(make(owner, "regions.thought", QObject::tr("&Use as thought"),
                   Qt::CTRL | Qt::SHIFT | Qt::Key_Return,
                   QObject::tr("Answer as if the model had looked at these regions, in this "
                               "order"))),
      record(make(owner, "regions.record", QObject::tr("Save as training recor&d…"),
                  Qt::CTRL | Qt::ALT | Qt::Key_S,
                  QObject::tr("Append picture, question, answer and regions to a file that a model "
                              "is trained on"))) {
    draw->setCheckable(true);
    tokens->setCheckable(true);
    tokens->setChecked(true);
    undo->setObjectName("regions.undo");
    undo->setShortcuts(QKeySequence::Undo);
    redo->setObjectName("regions.redo");
    redo->setShortcuts({Qt::CTRL | Qt::SHIFT | Qt::Key_Z, Qt::CTRL | Qt::Key_Y});
    // Shorter, and always the same, where they stand in a row.
    const std::pair<QAction*, QString> inARow[] = {
        {undo, QObject::tr("Undo")},      {redo, QObject::tr("Redo")},
        {clear, QObject::tr("Clear")},    {tokens, QObject::tr("Tokens")},
        {snap, QObject::tr("Snap")},      {fromTokens, QObject::tr("From tokens")},
        {useKnown, QObject::tr("Known")}, {copy, QObject::tr("Copy")},
        {paste, QObject::tr("Paste")},    {record, QObject::tr("Save record…")}};
    for (const auto& [action, text] : inARow) action->setIconText(text);
    addTo(panel, owner);
}

void RegionActions::addTo(QWidget* panel, QObject* owner) {
    const QList<QList<QAction*>> groups{{draw},
                                        {add, remove, clear},
                                        {undo, redo},
                                        {tokens, snap, fromTokens},
                                        {useKnown, copy, paste},
                                        {thought, record}};
    for (const auto& group : groups) {
        for (QAction* action : group) action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        panel->addActions(group);
        if (!menu_.isEmpty()) {
            menu_.append(new QAction(owner));
            menu_.last()->setSeparator(true);
        }
        menu_.append(group);
    }
}

QList<QAction*> RegionActions::menu() const { return menu_; }

QList<QAction*> RegionActions::bar() const {
    return {thought,    record, add,      remove, undo,  redo, snap,
            fromTokens, tokens, useKnown, copy,   paste, clear};
}

void RegionActions::allow(const RegionChances& chances) {
    const auto set = [](QAction* action, bool allowed, const QString& whyNot) {
        lvr::allow(*action, allowed, whyNot);
    };
    const QString noPicture = QObject::tr("There is no picture.");
    const QString noRegion = QObject::tr("There is no region yet; draw one.");
    const QString noGrid = QObject::tr("The visual tokens are known once a model is open.");
    for (QAction* action : {draw, add, paste}) set(action, chances.picture, noPicture);
    for (QAction* action : {clear, copy}) set(action, chances.regions, noRegion);
    set(remove, chances.chosen, QObject::tr("No region is chosen; click one while drawing."));
    set(tokens, chances.grid, noGrid);
    set(snap, chances.regions && chances.grid, chances.regions ? noGrid : noRegion);
    set(fromTokens, chances.picked,
        QObject::tr("No tokens are picked; click some with Ctrl while drawing."));
    set(useKnown, chances.known,
        QObject::tr("This question comes without regions, or they are drawn already."));
    set(record, chances.picture, noPicture);
    set(thought, chances.regions && chances.model,
        chances.regions ? QObject::tr("No model is open, or it is answering.") : noRegion);
}

FixedKeys regionKeys() {
    return {QObject::tr("the picture, while drawing"),
            {{QObject::tr("Arrows"),
              QObject::tr("Move the chosen region by a pixel of the picture, with Shift by ten")},
             {QObject::tr("Ctrl+arrows"), QObject::tr("Resize it, with Shift by ten pixels")},
             {QObject::tr("Tab, Shift+Tab"), QObject::tr("Choose the next or previous region")},
             {QObject::tr("Ctrl+C, Ctrl+V"), QObject::tr("Copy or paste regions")},
             {QObject::tr("Space"), QObject::tr("Drag moves the picture while held")},
             {QObject::tr("Esc"), QObject::tr("Leave: a drag, the picked tokens, the drawing")}}};
}

}  // namespace lvr
