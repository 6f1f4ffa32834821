#include "widgets/conversation/past_list.h"

#include <QAbstractListModel>
#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/conversation/exchange_list.h"
#include "widgets/conversation/exchange_text.h"
#include "widgets/heat_paint.h"

namespace lvr {
namespace {

constexpr int kPictureSide = 56;  // pixels
constexpr int kRoom = 5;          // around what a row shows

struct PastRole {
    enum { Question = Qt::UserRole + 1, How, OfModel, AskedAt, IsShown };
};

QString plain(const std::string& text) { return QString::fromStdString(text).simplified(); }

QString answerAndVerdict(const Trace& trace) {
    const auto right = isRight(trace);
    return answerText(trace) + (!right ? "" : *right ? " ✓" : " ✗");
}

// Thumbnail; beside it the question, the answer with its time, and how it was asked as chips.
class PastDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
        const int lines = 2 * option.fontMetrics.height() + smallHeight(option) + 6;
        return {0, std::max(lines, kPictureSide) + 2 * kRoom};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& given,
               const QModelIndex& index) const override {
        QStyleOptionViewItem option = given;
        initStyleOption(&option, index);
        const QWidget* view = option.widget;
        const QStyle* style = view ? view->style() : QApplication::style();
        painter->save();
        style->drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, view);
        if (index.data(PastRole::IsShown).toBool())
            painter->fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())),
                              option.palette.highlight());
        const QRect area = option.rect.adjusted(kRoom + 2, kRoom, -kRoom, -kRoom);
        drawPicture(painter, area, index);
        painter->setPen(option.state & QStyle::State_Selected
                            ? option.palette.highlightedText().color()
                            : option.palette.text().color());
        drawWords(painter, area.adjusted(kPictureSide + 8, 0, 0, 0), option, index);
        painter->restore();
    }

private:
    static QFont small(const QFont& font) {
        QFont small = font;
        small.setPointSizeF(font.pointSizeF() * 0.85);
        return small;
    }
    static int smallHeight(const QStyleOptionViewItem& option) {
        return QFontMetrics(small(option.font)).height() + 2;
    }

    static void drawPicture(QPainter* painter, const QRect& area, const QModelIndex& index) {
        const auto picture = index.data(Qt::DecorationRole).value<QImage>();
        const QRect space(area.topLeft(), QSize(kPictureSide, area.height()));
        paintPictureAndHeat(*painter, space, picture, {});
    }

    static void drawWords(QPainter* painter, const QRect& area, const QStyleOptionViewItem& option,
                          const QModelIndex& index) {
        const int height = option.fontMetrics.height();
        const auto line = [&](int top, int lineHeight) {
            return QRect(area.left(), area.top() + top, area.width(), lineHeight);
        };
        const auto elided = [&](const QRect& where, const QString& text) {
            painter->drawText(
                where, Qt::AlignLeft | Qt::AlignVCenter,
                painter->fontMetrics().elidedText(text, Qt::ElideRight, where.width()));
        };
        QFont bold = option.font;
        bold.setBold(true);
        painter->setFont(bold);
        elided(line(0, height), index.data(PastRole::Question).toString());
        painter->setFont(small(option.font));
        const QString when = whenText(index.data(PastRole::AskedAt).toLongLong());
        QRect second = line(height + 2, height);
        painter->drawText(second, Qt::AlignRight | Qt::AlignVCenter, when);
        second.setRight(second.right() - painter->fontMetrics().horizontalAdvance(when) - 6);
        const QRect third = line(2 * height + 5, smallHeight(option));
        const int next =
            drawChip(painter, third.left(), third, index.data(PastRole::How).toString());
        drawChip(painter, next, third, index.data(PastRole::OfModel).toString());
        painter->setFont(option.font);
        elided(second, index.data(Qt::DisplayRole).toString());
    }
};

// Rows are compared by all words that are in them.
class PastSearch : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void search(const QString& text) {
        words_ = text.split(' ', Qt::SkipEmptyParts);
        invalidateFilter();
    }

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override {
        const QString all = sourceModel()->index(row, 0, parent).data(Qt::ToolTipRole).toString();
        return std::ranges::all_of(
            words_, [&](const QString& word) { return all.contains(word, Qt::CaseInsensitive); });
    }

private:
    QStringList words_;
};

}  // namespace

class PastList::Model : public QAbstractListModel {
public:
    using QAbstractListModel::QAbstractListModel;

    void show(const std::vector<PastAnswer>& answers) {
        beginResetModel();
        answers_ = answers;
        endResetModel();
    }
    void markShown(const std::string& id) {
        shown_ = id;
        if (!answers_.empty())
            Q_EMIT dataChanged(index(0), index(rowCount({}) - 1), {PastRole::IsShown});
    }
    const PastAnswer& at(int row) const { return answers_[static_cast<std::size_t>(row)]; }
    int rowOf(const std::string& id) const {
        for (int row = 0; row < rowCount({}); ++row)
            if (at(row).exchange.id == id) return row;
        return -1;
    }

    int rowCount(const QModelIndex& parent) const override {
        return parent.isValid() ? 0 : static_cast<int>(answers_.size());
    }
    QVariant data(const QModelIndex& index, int role) const override {
        const PastAnswer& answer = at(index.row());
        const Trace& trace = answer.exchange.outline;
        switch (role) {
            case Qt::DisplayRole:
                return answerAndVerdict(trace);
            case Qt::DecorationRole:
                return answer.thumbnail;
            case Qt::ToolTipRole:
            case Qt::AccessibleTextRole:
                return QStringList{plain(trace.question.text), answerAndVerdict(trace),
                                   howText(trace), whenText(answer.exchange.askedAt)}
                    .join('\n');
            case PastRole::Question:
                return plain(trace.question.text);
            case PastRole::How:
                return wayText(trace);
            case PastRole::OfModel:
                return QString::fromStdString(trace.model);
            case PastRole::AskedAt:
                return QVariant::fromValue<qlonglong>(answer.exchange.askedAt);
            case PastRole::IsShown:
                return !shown_.empty() && answer.exchange.id == shown_;
        }
        return {};
    }

private:
    std::vector<PastAnswer> answers_;
    std::string shown_;
};

PastList::PastList(QWidget* parent)
    : QWidget(parent),
      model_(new Model(this)),
      found_(new PastSearch(this)),
      search_(new QLineEdit(this)),
      view_(new QListView(this)),
      empty_(new QLabel(this)) {
    build();
    addAction("open", tr("&Open"), Qt::Key_Return, &PastList::openWanted);
    addAction("copy", tr("&Copy answer"), QKeySequence::Copy, &PastList::copyWanted);
    addAction("show-in-folder", tr("Show in &folder"), {}, &PastList::folderWanted);
    addAction("delete", tr("&Delete answer…"), QKeySequence::Delete, &PastList::removeWanted);
    view_->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(search_, &QLineEdit::textChanged, this, [this](const QString& words) {
        static_cast<PastSearch*>(found_)->search(words);
        update();
    });
    // Clicked and not activated, which a double click would be besides.
    connect(view_, &QListView::clicked, this, [this] {
        if (const auto* answer = current()) Q_EMIT openWanted(PastAnswer(*answer));
    });
    connect(view_->selectionModel(), &QItemSelectionModel::currentChanged, this, &PastList::update);
    update();
}

void PastList::build() {
    found_->setSourceModel(model_);
    search_->setPlaceholderText(tr("Search questions, answers, models"));
    search_->setAccessibleName(tr("Search the history"));
    search_->setClearButtonEnabled(true);
    view_->setModel(found_);
    view_->setItemDelegate(new PastDelegate(view_));
    view_->setAccessibleName(tr("Answers about all pictures"));
    view_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    empty_->setContentsMargins(4, 4, 4, 4);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(4, 4, 4, 4);
    column->addWidget(search_);
    column->addWidget(view_, 1);
    column->addWidget(empty_, 1);
}

QAction* PastList::addAction(const QString& name, const QString& text, const QKeySequence& key,
                             void (PastList::*wanted)(const PastAnswer&)) {
    auto* action = new QAction(text, this);
    action->setObjectName("history." + name);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetShortcut);
    connect(action, &QAction::triggered, this, [this, wanted] {
        if (const auto* answer = current()) Q_EMIT(this->*wanted)(PastAnswer(*answer));
    });
    view_->addAction(action);
    actions_.append(action);
    return action;
}

void PastList::show(const std::vector<PastAnswer>& answers) {
    const auto* before = current();
    const std::string chosen = before ? before->exchange.id : std::string();
    model_->show(answers);
    if (const int row = model_->rowOf(chosen); row >= 0)
        view_->setCurrentIndex(found_->mapFromSource(model_->index(row)));
    update();
}

void PastList::markShown(const std::string& id) { model_->markShown(id); }

void PastList::say(const QString& note) {
    note_ = note;
    update();
}

int PastList::count() const { return found_->rowCount(); }

const PastAnswer* PastList::current() const {
    const QModelIndex index = found_->mapToSource(view_->currentIndex());
    return index.isValid() ? &model_->at(index.row()) : nullptr;
}

void PastList::update() {
    const bool any = model_->rowCount({}) > 0;
    view_->setVisible(count() > 0);
    empty_->setVisible(count() == 0);
    search_->setEnabled(any);
    empty_->setText(!note_.isEmpty() ? note_
                    : any            ? tr("No answer has these words; clear the search.")
                                     : tr("What you ask about any picture is kept here, drawn "
                                                     "scenes and pasted pictures too. Click an answer to see "
                                                     "it on its picture again."));
    for (QAction* action : actions_) action->setEnabled(current() != nullptr);
}

}  // namespace lvr
