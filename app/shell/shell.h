#pragma once

#include <QObject>
#include <QStringList>
#include <string>
#include <vector>

#include "app/shell/help_pages.h"

class QAction;
class QMainWindow;
class QMenu;

namespace lvr {

class CommandPalette;
class MessageBar;
class MessageLog;
class RecentFiles;
class Shortcuts;

// What the window offers beside its workspaces: recent files, the command palette, shortcuts, the
// tour and the Help menu.
class Shell : public QObject {
    Q_OBJECT
public:
    Shell(const std::vector<std::string>& libraries, QMainWindow* window);

    RecentFiles* recent() const { return recent_; }
    void setTour(const QList<TourStop>& stops) { stops_ = stops; }
    void addHelpMenu();                    // last of the menus
    void listenTo(const MessageBar* bar);  // what it says is listed under Help, Messages
    // Shortcuts, recent files and used commands come from the settings and go there.
    void remember();
    void greet();           // the tour, the first time ever
    void actionsChanged();  // some were made; their changed shortcuts are applied

Q_SIGNALS:
    void tourBegins();  // its stops are in the Ask workspace
    void failed(const QString& sentence);

private:
    QAction* add(QMenu* menu, const QString& name, const QString& text,
                 const QList<QKeySequence>& keys, void (Shell::*act)());
    void openPalette();
    void showShortcuts();
    void startTour();
    void showMessages();
    void showReadme();
    void showAbout();

    QMainWindow* window_;
    QStringList libraries_;
    RecentFiles* recent_;
    Shortcuts* shortcuts_;
    CommandPalette* palette_;
    MessageLog* log_;
    Tour* tour_;
    QList<TourStop> stops_;
};

}  // namespace lvr
