#pragma once

#include <QObject>
#include <functional>

class QMenu;
class QWidget;

namespace lvr {

// Layouts under names of the person's choice, kept in the settings: a menu to save one, to take
// one, to delete one, and to go back to the first.
class LayoutMenu : public QObject {
    Q_OBJECT
public:
    struct Layout {
        std::function<QByteArray()> save;
        std::function<void(const QByteArray&)> restore;
        std::function<void()> reset;
    };
    LayoutMenu(QMenu* menu, Layout layout, QWidget* window);

    static QStringList names();
    void saveAs(const QString& name);  // over one of the same name
    void take(const QString& name);
    void forget(const QString& name);

private:
    void fill();
    void fillSoon();  // not while one of its entries acts
    void askForName();

    QMenu* menu_;
    QMenu* deletes_ = nullptr;
    Layout layout_;
    QWidget* window_;
};

}  // namespace lvr
