#pragma once

#include <QFrame>
#include <QList>
#include <QPointer>
#include <QString>
#include <QStringList>
#include <QStyledItemDelegate>
#include <optional>

class QLabel;
class QLineEdit;
class QListWidget;

namespace lvr {

struct ListedAction;

struct FuzzyMatch {
    int score = 0;  // higher is better
    QList<int> at;  // where in the text the letters were found, ascending
    bool operator==(const FuzzyMatch&) const = default;
};

// Whether all letters of each of the pattern's words are in the text, in the word's order; case
// does not matter. Of all ways the best is taken: letters that begin a word or follow each other
// count more, gaps less. An empty pattern is in every text.
std::optional<FuzzyMatch> fuzzyMatch(const QString& pattern, const QString& text);

// Paints one action of the palette: icon or tick, name with the letters that were found, where it
// is, and its keys at the right.
class PaletteItem : public QStyledItemDelegate {
    Q_OBJECT
public:
    enum Role { Path = Qt::UserRole, Keys, FoundAt, Checked, Usable, Index };
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// Finds any action of the window by a few letters of its name and does it. Arrow keys, Enter and
// Escape; what was used lately comes first.
class CommandPalette : public QFrame {
    Q_OBJECT
public:
    explicit CommandPalette(QWidget* window);

    void open();
    void dismiss();            // the focus goes back to where it was
    QStringList used() const;  // ids, newest first
    void setUsed(const QStringList& ids);

Q_SIGNALS:
    void usedChanged();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void build();
    void search(const QString& pattern);
    void explain();
    void run();
    void moveBy(int rows);
    void place();
    bool keyPressed(int key);

    QWidget* window_;
    QLineEdit* pattern_;
    QListWidget* list_;
    QLabel* note_;
    QList<ListedAction> actions_;  // while it is open
    QStringList used_;
    QPointer<QWidget> focusBefore_;
};

}  // namespace lvr
