#pragma once

#include <QFrame>
#include <QPointer>
#include <QStringList>

class QLabel;
class QLineEdit;
class QListWidget;

namespace lvr {

struct ListedAction;

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
