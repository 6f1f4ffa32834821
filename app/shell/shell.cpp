#include "app/shell/shell.h"

#include <QAction>
#include <QKeySequence>
#include <QMainWindow>
#include <QMenuBar>
#include <QSettings>

#include "app/shell/command_palette.h"
#include "app/shell/help_pages.h"
#include "app/shell/recent_files.h"
#include "app/shell/shortcuts.h"
#include "app/shell/shortcuts_dialog.h"
#include "widgets/message_bar.h"

namespace lvr {
namespace {

constexpr auto kUsed = "palette/used";
constexpr auto kGreeted = "tour/shown";

void open(QDialog* dialog) {
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

}  // namespace

Shell::Shell(const std::vector<std::string>& libraries, QMainWindow* window)
    : QObject(window),
      window_(window),
      recent_(new RecentFiles(window)),
      shortcuts_(new Shortcuts(window)),
      palette_(new CommandPalette(window)),
      log_(new MessageLog(this)),
      tour_(new Tour(window)) {
    for (const std::string& each : libraries) libraries_ << QString::fromStdString(each);
    connect(recent_, &RecentFiles::gone, this, &Shell::failed);
    connect(shortcuts_, &Shortcuts::notKept, this, &Shell::failed);
}

void Shell::addHelpMenu() {
    QMenu* menu = window_->menuBar()->addMenu(tr("&Help"));
    add(menu, "help.palette", tr("&Command palette…"), {Qt::CTRL | Qt::SHIFT | Qt::Key_P},
        &Shell::openPalette);
    add(menu, "help.shortcuts", tr("&Shortcuts…"), {Qt::Key_F1, Qt::CTRL | Qt::Key_Slash},
        &Shell::showShortcuts);
    menu->addSeparator();
    add(menu, "help.messages", tr("&Messages…"), {}, &Shell::showMessages);
    add(menu, "help.tour", tr("&Tour of the window"), {}, &Shell::startTour);
    add(menu, "help.readme", tr("&Read me"), {}, &Shell::showReadme);
    add(menu, "help.about", tr("&About LVR Workbench"), {}, &Shell::showAbout);
}

QAction* Shell::add(QMenu* menu, const QString& name, const QString& text,
                    const QList<QKeySequence>& keys, void (Shell::*act)()) {
    QAction* action = menu->addAction(text, this, act);
    action->setObjectName(name);
    action->setShortcuts(keys);
    return action;
}

void Shell::remember() {
    recent_->remember();
    shortcuts_->remember();
    palette_->setUsed(QSettings().value(kUsed).toStringList());
    connect(palette_, &CommandPalette::usedChanged, this,
            [this] { QSettings().setValue(kUsed, palette_->used()); });
}

void Shell::greet() {
    if (QSettings().value(kGreeted).toBool()) return;
    QSettings().setValue(kGreeted, true);
    startTour();
}

void Shell::actionsChanged() { shortcuts_->refresh(); }

void Shell::openPalette() { palette_->open(); }

void Shell::showShortcuts() {
    auto* dialog = new ShortcutsDialog(shortcuts_->rows(), shortcuts_->fixed(), window_);
    connect(dialog, &QDialog::accepted, this,
            [this, dialog] { shortcuts_->apply(dialog->rows()); });
    open(dialog);
}

void Shell::startTour() {
    Q_EMIT tourBegins();
    tour_->start(stops_);
}

void Shell::listenTo(const MessageBar* bar) {
    connect(bar, &MessageBar::said, log_, [this](MessageBar::Kind kind, const QString& sentence) {
        log_->add(kind == MessageBar::Kind::Error, sentence);
    });
}

void Shell::showMessages() { open(new MessagesDialog(*log_, window_)); }
void Shell::showReadme() { open(new TextPage(tr("Read me"), ":/texts/README.md", window_)); }
void Shell::showAbout() { open(new AboutDialog(libraries_, window_)); }

}  // namespace lvr
