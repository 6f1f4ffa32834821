#include "widgets/regions/region_list.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/action_tip.h"

namespace lvr {
namespace {

QString placeText(const Box& box) {
    const auto percent = [](double share) { return QString::number(share * 100, 'f', 0); };
    return QObject::tr("from %1, %2 to %3, %4 %")
        .arg(percent(box.x0), percent(box.y0), percent(box.x1), percent(box.y1));
}

// As the region's tag on the picture.
QIcon numberIcon(int number) {
    QPixmap tag(22, 18);
    tag.fill(QColor(86, 220, 255));
    QPainter painter(&tag);
    painter.setPen(QColor(20, 20, 20));
    painter.drawText(tag.rect(), Qt::AlignCenter, QString::number(number));
    painter.end();
    return tag;
}

}  // namespace

RegionList::RegionList(QWidget* parent)
    : QWidget(parent),
      list_(new QListWidget(this)),
      empty_(new QLabel(this)),
      more_(new QWidget(this)) {
    list_->setAccessibleName(tr("Regions, in the order of the thought"));
    list_->setDragDropMode(QAbstractItemView::InternalMove);
    list_->setDefaultDropAction(Qt::MoveAction);
    list_->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
    empty_->setText(
        tr("No regions yet. Draw some on the picture: they are listed in the order in which a "
           "thought goes through them, and can be saved for training."));
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    empty_->setContentsMargins(4, 4, 4, 4);
    makeActions();
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(2);
    for (QAction* action : {up_, down_, rename_, remove_}) {
        auto* button = new QToolButton(this);
        button->setDefaultAction(action);
        button->setFocusPolicy(Qt::StrongFocus);
        buttons->addWidget(button);
    }
    buttons->addStretch();
    auto* below = new QVBoxLayout(more_);
    below->setContentsMargins(0, 0, 0, 0);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(4, 4, 4, 4);
    column->addLayout(buttons);
    column->addWidget(list_, 1);
    column->addWidget(empty_, 1);
    column->addWidget(more_);
    connect(list_, &QListWidget::currentRowChanged, this, [this](int row) {
        updateActions();
        if (row >= 0) Q_EMIT chosen(row);
    });
    connect(list_->model(), &QAbstractItemModel::rowsMoved, this,
            [this](const QModelIndex&, int from, int, const QModelIndex&, int before) {
                Q_EMIT moved(from, before > from ? before - 1 : before);
            });
    connect(list_, &QListWidget::itemChanged, this, [this](QListWidgetItem* item) {
        const int row = list_->row(item);
        const bool hides = item->checkState() == Qt::Unchecked;
        const bool wasHidden = std::ranges::find(shown_.hidden, row) != shown_.hidden.end();
        if (hides != wasHidden) return Q_EMIT hidden(row, hides);
        Q_EMIT renamed(row, item->text().trimmed());
    });
    show({});
}

QAction* RegionList::addAction(const QString& name, const QString& text, const QKeySequence& key,
                               const QString& tip) {
    auto* action = new QAction(text, this);
    action->setObjectName("region-list." + name);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetShortcut);
    action->setToolTip(tip);
    updateTip(*action);
    list_->addAction(action);
    actions_.append(action);
    return action;
}

void RegionList::makeActions() {
    up_ = addAction("up", tr("Move &up"), Qt::ALT | Qt::Key_Up,
                    tr("Earlier in the thought; regions can be dragged too"));
    down_ = addAction("down", tr("Move &down"), Qt::ALT | Qt::Key_Down,
                      tr("Later in the thought; regions can be dragged too"));
    rename_ = addAction("rename", tr("&Label"), Qt::Key_F2, tr("Say what the region is"));
    hide_ = addAction("hide", tr("&Hide or show"), Qt::Key_Space,
                      tr("Hide the region on the picture, or show it; it stays in the thought"));
    remove_ = addAction("remove", tr("&Remove"), QKeySequence::Delete, tr("Remove the region"));
    list_->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(up_, &QAction::triggered, this, [this] { moveBy(-1); });
    connect(down_, &QAction::triggered, this, [this] { moveBy(1); });
    connect(rename_, &QAction::triggered, this, [this] {
        if (list_->currentItem()) list_->editItem(list_->currentItem());
    });
    connect(hide_, &QAction::triggered, this, [this] {
        auto* item = list_->currentItem();
        if (!item) return;
        item->setCheckState(item->checkState() == Qt::Checked ? Qt::Unchecked : Qt::Checked);
    });
    connect(remove_, &QAction::triggered, this, [this] {
        if (list_->currentRow() >= 0) Q_EMIT removed(list_->currentRow());
    });
}

void RegionList::offer(const QList<QAction*>& more) {
    for (QAction* action : more) {
        auto* button = new QToolButton(more_);
        button->setDefaultAction(action);
        button->setFocusPolicy(Qt::StrongFocus);
        button->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        more_->layout()->addWidget(button);
    }
}

// Not while a row is being moved: the view is still about to take its old place away.
void RegionList::show(const Shown& regions) {
    const QSignalBlocker quiet(list_);
    if (!(regions == shown_) || list_->count() != static_cast<int>(regions.boxes.size())) {
        list_->clear();
        for (std::size_t i = 0; i < regions.boxes.size(); ++i) {
            const bool isNamed = i < regions.names.size();
            auto* item = new QListWidgetItem(
                isNamed ? QString::fromStdString(regions.names[i]) : QString(), list_);
            item->setFlags(item->flags() | Qt::ItemIsEditable | Qt::ItemIsUserCheckable);
            item->setFlags(item->flags() & ~Qt::ItemIsDropEnabled);
            const bool hides =
                std::ranges::find(regions.hidden, static_cast<int>(i)) != regions.hidden.end();
            item->setCheckState(hides ? Qt::Unchecked : Qt::Checked);
            item->setIcon(numberIcon(static_cast<int>(i) + 1));
            item->setToolTip(tr("Region %1, %2\nThe tick shows it on the picture.")
                                 .arg(i + 1)
                                 .arg(placeText(regions.boxes[i])));
            item->setData(Qt::AccessibleTextRole, tr("Region %1 %2").arg(i + 1).arg(item->text()));
        }
    }
    shown_ = regions;
    list_->setCurrentRow(regions.chosen);
    list_->setVisible(!regions.boxes.empty());
    empty_->setVisible(regions.boxes.empty());
    updateActions();
}

void RegionList::moveBy(int by) {
    const int from = list_->currentRow(), to = from + by;
    if (from >= 0 && to >= 0 && to < list_->count()) Q_EMIT moved(from, to);
}

void RegionList::updateActions() {
    const int row = list_->currentRow();
    for (QAction* action : {rename_, hide_, remove_}) action->setEnabled(row >= 0);
    up_->setEnabled(row > 0);
    down_->setEnabled(row >= 0 && row + 1 < list_->count());
}

}  // namespace lvr
