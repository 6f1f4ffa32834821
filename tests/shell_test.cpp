#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSet>
#include <QSettings>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTextBrowser>
#include <QToolButton>
#include <QtTest>
#include <algorithm>
#include <cmath>

#include "app/ask/ask_workspace.h"
#include "app/shell/action_list.h"
#include "app/shell/command_palette.h"
#include "app/shell/help_pages.h"
#include "app/shell/look.h"
#include "app/shell/recent_files.h"
#include "app/shell/shortcuts.h"
#include "app/shell/shortcuts_dialog.h"
#include "app/window/main_window.h"
#include "app/window/workspaces.h"
#include "core/vision/image_file.h"
#include "tests/support/scripted_engine.h"
#include "widgets/question_line.h"

using namespace lvr;

namespace {

WindowServices servicesWithLibraries(Script& script) {
    WindowServices services = servicesOf(script);
    services.libraries = {"LibTorch 9.9"};
    return services;
}

struct World {
    Script script;
    MainWindow window{servicesWithLibraries(script)};
    QSignalSpy settled{&window, &MainWindow::settled};

    explicit World(bool remembers = false) {
        if (remembers) window.rememberLook();
        window.show();
        window.newScene("chain");
        window.openModel({});
        settle();
        window.activateWindow();
        if (!QTest::qWaitForWindowActive(&window)) qFatal("the window does not become active");
    }
    void settle() { QVERIFY(!window.isBusy() || settled.wait(5000)); }
    template <class Widget>
    Widget& the() {
        auto* found = window.findChild<Widget*>();
        if (!found) qFatal("there is no %s", Widget::staticMetaObject.className());
        return *found;
    }
    QAction& action(const QString& id) {
        for (auto* action : window.findChildren<QAction*>())
            if (action->objectName() == id) return *action;
        qFatal("no action %s", qPrintable(id));
    }
    void press(const QKeySequence& keys) { QTest::keySequence(&window, keys); }
};

// The palette, as the keyboard has it.
struct Palette {
    explicit Palette(World& world) : world(world) { world.press(Qt::CTRL | Qt::SHIFT | Qt::Key_P); }
    CommandPalette& it() { return world.the<CommandPalette>(); }
    QLineEdit& line() { return *it().findChild<QLineEdit*>(); }
    QListWidget& list() { return *it().findChild<QListWidget*>(); }
    QString note() { return it().findChild<QLabel*>()->text(); }
    QString current() { return list().currentItem() ? list().currentItem()->text() : QString(); }
    void type(const QString& text) { QTest::keyClicks(&line(), text); }
    void press(Qt::Key key) { QTest::keyClick(&line(), key); }
    World& world;
};

QPushButton& button(QWidget& in, const QString& text) {
    for (auto* button : in.findChildren<QPushButton*>())
        if (button->text().remove('&') == text) return *button;
    qFatal("no button %s", qPrintable(text));
}

// The open dialog on the keys, with the row of an action chosen.
struct KeysDialog {
    KeysDialog(World& world, const QString& words) {
        world.action("help.shortcuts").trigger();
        dialog = world.window.findChildren<ShortcutsDialog*>().last();
        find(words);
    }
    void find(const QString& words) {
        auto& filter = *dialog->findChild<QLineEdit*>();  // the first is the filter
        filter.setText(words);
    }
    void press(const QKeySequence& keys) {
        dialog->findChild<QKeySequenceEdit*>()->setKeySequence(keys);
    }
    QString text() {
        QStringList texts;
        for (auto* label : dialog->findChildren<QLabel*>()) texts << label->text();
        return texts.join('\n');
    }
    void click(const QString& name) { QTest::mouseClick(&button(*dialog, name), Qt::LeftButton); }
    ShortcutsDialog* dialog;
};

QStringList tipsOf(QMenu& menu) {
    QStringList tips;
    for (QAction* action : menu.actions())
        if (action->isVisible() && !action->isSeparator()) tips << action->toolTip();
    return tips;
}

}  // namespace

class ShellTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init() { QSettings().clear(); }

    void lettersAreFoundInTheirOrder_data();
    void lettersAreFoundInTheirOrder();
    void theBetterMatchScoresMore_data();
    void theBetterMatchScoresMore();
    void foundLettersAreThoseOfTheBestWay();

    void everyActionHasANameOfItsOwn();
    void menusToolbarAndChoicesAreAllListed();
    void paletteFindsAndDoesByKeyboard();
    void paletteGivesTheFocusBack();
    void paletteSaysWhyAnActionCannotBeUsed();
    void paletteShowsWhatWasUsedLatelyFirst();
    void paletteSaysWhenNothingIsCalledThat();
    void paletteStaysInASmallWindow();

    void defaultKeysDoNotClash();
    void changedKeysAreInForceAndComeBack();
    void tipsFollowTheKeys();
    void editedKeysLeaveAnActionsOthersAlone();
    void keysOfAnotherActionAreNotTakenUnasked();
    void keysCanBeTakenFromAnotherAction();
    void keysOfDifferentPartsDoNotClash();
    void keysThatBeginOthersClash();
    void oneAndAllGoBackToDefault();
    void cancelledChangesAreForgotten();
    void brokenSettingsLeaveTheDefaults();

    void sheetListsTheKeysInForce();
    void keysOfAPartOfTheWindowAreListedButStay();
    void recentFilesAreOfferedNoKeys();
    void sheetCanBeCopied();

    void openedFilesAreListedNewestFirst();
    void goneFilesLeaveTheListWithASentence();
    void noMoreThanTwelveAreKeptAndTheListCanBeCleared();
    void windowsThatDoNotRememberKeepNoList();

    void tourIsShownOnceAndAgainFromTheMenu();
    void tourStandsBesideWhatItSpeaksOf();
    void tourEndsWithEscape();

    void textCanBeReadInBothColours_data();
    void textCanBeReadInBothColours();
    void everyPartOfThePaletteHasAName();

    void aboutNamesVersionsAndLicence();
    void readmeIsInside();

private:
    QTemporaryDir folder_;
    QString file(const QString& name) const { return folder_.filePath(name); }
};

void ShellTest::initTestCase() {
    QVERIFY(folder_.isValid());
    QCoreApplication::setOrganizationName("lvr-shell-test");
    QCoreApplication::setApplicationVersion("1.2.3");
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
    writePng(picture(60, 40), file("photo.png").toStdString());
    writePng(picture(60, 40), file("zweites Bild ä.png").toStdString());
}

// ---- Finding ----

void ShellTest::lettersAreFoundInTheirOrder_data() {
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("found");
    QTest::newRow("nothing asked") << ""
                                   << "Open picture" << true;
    QTest::newRow("start") << "op"
                           << "Open picture" << true;
    QTest::newRow("initials") << "op"
                              << "Old pair" << true;
    QTest::newRow("case") << "OPEN"
                          << "open picture" << true;
    QTest::newRow("wrong order") << "po"
                                 << "op" << false;
    QTest::newRow("missing letter") << "openx"
                                    << "Open picture" << false;
    QTest::newRow("words in any order") << "picture open"
                                        << "Open picture" << true;
    QTest::newRow("one word missing") << "open trace"
                                      << "Open picture" << false;
    QTest::newRow("letter used once") << "oo"
                                      << "Open" << false;
    QTest::newRow("other script") << "größe"
                                  << "Größe ändern" << true;
    QTest::newRow("empty text") << "a"
                                << "" << false;
    QTest::newRow("only spaces") << "   "
                                 << "Open" << true;
}

void ShellTest::lettersAreFoundInTheirOrder() {
    QFETCH(const QString, pattern);
    QFETCH(const QString, text);
    QFETCH(const bool, found);
    QCOMPARE(fuzzyMatch(pattern, text).has_value(), found);
}

void ShellTest::theBetterMatchScoresMore_data() {
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("better");
    QTest::addColumn<QString>("worse");
    QTest::newRow("whole word") << "trace"
                                << "Save trace"
                                << "Structure of a scene";
    QTest::newRow("word starts") << "st"
                                 << "Save trace"
                                 << "Fist";
    QTest::newRow("together") << "ope"
                              << "Open"
                              << "Oxpxe";
    QTest::newRow("near the start") << "dark"
                                    << "Dark"
                                    << "Colours of the window, dark";
    QTest::newRow("hump") << "nt"
                          << "newTrace"
                          << "print";
    QTest::newRow("shorter gap") << "ac"
                                 << "abc"
                                 << "abbbbbbbc";
}

void ShellTest::theBetterMatchScoresMore() {
    QFETCH(const QString, pattern);
    QFETCH(const QString, better);
    QFETCH(const QString, worse);
    const auto high = fuzzyMatch(pattern, better);
    const auto low = fuzzyMatch(pattern, worse);
    QVERIFY(high && low);
    QVERIFY2(high->score > low->score,
             qPrintable(QString("%1 %2").arg(high->score).arg(low->score)));
}

void ShellTest::foundLettersAreThoseOfTheBestWay() {
    QCOMPARE(fuzzyMatch("step", "First step")->at, (QList<int>{6, 7, 8, 9}));
    QCOMPARE(fuzzyMatch("fs", "First step")->at, (QList<int>{0, 6}));
    QCOMPARE(fuzzyMatch("step first", "First step")->at, (QList<int>{0, 1, 2, 3, 4, 6, 7, 8, 9}));
    QCOMPARE(fuzzyMatch("", "First step")->at, QList<int>());
}

// ---- Palette ----

void ShellTest::everyActionHasANameOfItsOwn() {
    World world;
    QSet<QString> ids;
    for (const ListedAction& listed : listActions(world.window, Reach::All)) {
        QVERIFY2(!listed.action->objectName().isEmpty(),
                 qPrintable(listed.path + ' ' + listed.text));
        QVERIFY2(!ids.contains(listed.id), qPrintable(listed.id));
        ids.insert(listed.id);
    }
}

void ShellTest::menusToolbarAndChoicesAreAllListed() {
    World world;
    QStringList found;
    for (const ListedAction& listed : listActions(world.window, Reach::All))
        found << listed.path + ": " + listed.text;
    for (const char* expected :
         {"File: Open picture…", "Scene: New: has-dot", "View › Colours: Dark",
          "View › What the heat shows: cosine", "Steps: Play or pause", "Help: Shortcuts"})
        QVERIFY2(found.contains(QString(expected)), expected);
}

void ShellTest::paletteFindsAndDoesByKeyboard() {
    World world;
    QSignalSpy done(&world.action("scene.new-has-dot"), &QAction::triggered);
    Palette palette(world);
    QVERIFY(palette.it().isVisible());
    QVERIFY(palette.line().hasFocus());
    palette.type("has dot");
    QCOMPARE(palette.current(), "New: has-dot");
    QCOMPARE(palette.list().currentItem()->data(PaletteItem::Path).toString(), "Scene");
    palette.press(Qt::Key_Return);
    QVERIFY(!palette.it().isVisible());
    QCOMPARE(done.size(), 1);
    QCOMPARE(world.the<QuestionLine>().toPlainText(), "What? has-dot");
}

void ShellTest::paletteGivesTheFocusBack() {
    World world;
    world.the<QuestionLine>().setFocus();
    Palette palette(world);
    palette.press(Qt::Key_Escape);
    QVERIFY(!palette.it().isVisible());
    QVERIFY(world.the<QuestionLine>().hasFocus());
    Palette again(world);
    QCOMPARE(again.line().text(), "");
    const int last = again.list().count() - 1;
    again.press(Qt::Key_Up);  // round to the end
    QCOMPARE(again.list().currentRow(), last);
    again.press(Qt::Key_Down);
    QCOMPARE(again.list().currentRow(), 0);
    world.the<QuestionLine>().setFocus();
    QVERIFY(!again.it().isVisible());
}

void ShellTest::paletteSaysWhyAnActionCannotBeUsed() {
    World world;
    Palette palette(world);
    palette.type("save trace");
    QCOMPARE(palette.current(), "Save trace…");
    QVERIFY(palette.it().findChildren<QLabel*>().last()->text().contains("no answer yet"));
    palette.press(Qt::Key_Return);
    QVERIFY(palette.it().isVisible());
    QVERIFY(!world.action("file.save-trace").toolTip().isEmpty());
    QVERIFY(world.action("file.save-trace").toolTip().contains("no answer yet"));
}

void ShellTest::paletteShowsWhatWasUsedLatelyFirst() {
    {
        World world(true);
        for (const char* name : {"token grid", "dark"}) {
            Palette palette(world);
            palette.type(name);
            palette.press(Qt::Key_Return);
        }
        Palette palette(world);
        QCOMPARE(palette.list().item(0)->text(), "Dark");
        QCOMPARE(palette.list().item(0)->data(PaletteItem::Checked).toBool(), true);
        QCOMPARE(palette.list().item(1)->text(), "Token grid");
        palette.press(Qt::Key_Escape);
    }
    World tomorrow(true);
    Palette palette(tomorrow);
    QCOMPARE(palette.list().item(0)->text(), "Dark");
}

void ShellTest::paletteSaysWhenNothingIsCalledThat() {
    World world;
    Palette palette(world);
    palette.type("qqqq");
    QCOMPARE(palette.list().count(), 0);
    QVERIFY(palette.it().findChildren<QLabel*>().last()->text().contains("No command"));
    palette.press(Qt::Key_Return);
    palette.press(Qt::Key_Down);
    QVERIFY(palette.it().isVisible());
}

void ShellTest::paletteStaysInASmallWindow() {
    World world;
    Palette palette(world);
    for (const QSize size : {QSize(700, 500), QSize(1280, 720)}) {
        world.window.resize(size);
        QTRY_VERIFY(world.window.rect().contains(palette.it().geometry()));
        QVERIFY(palette.list().visibleRegion().boundingRect().height() > 100);
    }
}

// ---- Shortcuts ----

void ShellTest::defaultKeysDoNotClash() {
    World world;
    Shortcuts shortcuts(&world.window);
    const auto rows = shortcuts.rows();
    QVERIFY(rows.size() > 30);
    for (int i = 0; i < rows.size(); ++i)
        for (const QKeySequence& keys : rows[i].keys)
            if (const auto other = clashOf(rows, i, keys))
                QFAIL(qPrintable(rows[i].listed.id + " and " + rows[*other].listed.id));
}

void ShellTest::changedKeysAreInForceAndComeBack() {
    {
        World world(true);
        KeysDialog keys(world, "token grid");
        keys.press(Qt::CTRL | Qt::Key_G);
        QVERIFY(world.action("view.grid").shortcut().isEmpty());  // not before OK
        keys.dialog->accept();
        QSignalSpy done(&world.action("view.grid"), &QAction::triggered);
        world.press(Qt::CTRL | Qt::Key_G);
        QCOMPARE(done.size(), 1);
    }
    World tomorrow(true);
    QCOMPARE(tomorrow.action("view.grid").shortcut(), QKeySequence(Qt::CTRL | Qt::Key_G));
    World other;  // does not remember: screenshots and tests
    QVERIFY(other.action("view.grid").shortcut().isEmpty());
}

void ShellTest::tipsFollowTheKeys() {
    World world;
    QAction& open = world.action("file.open-picture");
    QVERIFY(open.toolTip().endsWith("(Ctrl+O)"));
    KeysDialog keys(world, "open picture");
    keys.press(Qt::CTRL | Qt::Key_B);
    keys.dialog->accept();
    QVERIFY(open.toolTip().endsWith("(Ctrl+B)"));
    QVERIFY(!open.toolTip().contains("Ctrl+O"));
    KeysDialog again(world, "open picture");
    again.click("No keys");
    again.dialog->accept();
    QVERIFY(!open.toolTip().contains('('));
}

void ShellTest::editedKeysLeaveAnActionsOthersAlone() {
    World world;
    KeysDialog keys(world, "Ctrl+/");
    keys.press(Qt::Key_F9);
    keys.click("OK");
    QCOMPARE(world.action("help.shortcuts").shortcuts(),
             (QList<QKeySequence>{Qt::Key_F9, Qt::CTRL | Qt::Key_Slash}));
}

void ShellTest::keysOfAnotherActionAreNotTakenUnasked() {
    World world;
    KeysDialog keys(world, "token grid");
    keys.press(QKeySequence::Open);
    QVERIFY2(keys.text().contains("Ctrl+O already belongs to “Open picture…” (File)"),
             qPrintable(keys.text()));
    keys.dialog->accept();
    QVERIFY(world.action("view.grid").shortcut().isEmpty());
    QCOMPARE(world.action("file.open-picture").shortcut(), QKeySequence(QKeySequence::Open));
}

void ShellTest::keysCanBeTakenFromAnotherAction() {
    World world;
    KeysDialog keys(world, "token grid");
    keys.press(QKeySequence::Open);
    keys.click("Use here instead");
    keys.dialog->accept();
    QCOMPARE(world.action("view.grid").shortcut(), QKeySequence(QKeySequence::Open));
    QVERIFY(world.action("file.open-picture").shortcut().isEmpty());
}

void ShellTest::keysOfDifferentPartsDoNotClash() {
    QWidget window, left(&window), right(&window), inLeft(&left);
    QList<ActionKeys> rows;
    const auto add = [&](QWidget& part, Qt::ShortcutContext context) {
        auto* action = new QAction(&part);
        action->setShortcut(Qt::Key_Delete);
        action->setShortcutContext(context);
        part.addAction(action);
        rows.append({{action, QString::number(rows.size()), "", "", ""}, action->shortcuts(), {}});
    };
    add(left, Qt::WidgetWithChildrenShortcut);
    add(right, Qt::WidgetWithChildrenShortcut);
    QCOMPARE(clashOf(rows, 0, Qt::Key_Delete), std::nullopt);
    add(inLeft, Qt::WidgetShortcut);
    QCOMPARE(clashOf(rows, 0, Qt::Key_Delete), std::optional(2));
    QCOMPARE(clashOf(rows, 2, Qt::Key_Delete), std::optional(0));
    QCOMPARE(clashOf(rows, 1, Qt::Key_Delete), std::nullopt);
    add(window, Qt::WindowShortcut);
    QCOMPARE(clashOf(rows, 1, Qt::Key_Delete), std::optional(3));
    rows[1].listed.place = "Ask";
    rows[3].listed.place = "Train";  // never there together
    QCOMPARE(clashOf(rows, 1, Qt::Key_Delete), std::nullopt);
}

void ShellTest::keysThatBeginOthersClash() {
    World world;
    KeysDialog keys(world, "token grid");
    keys.press(QKeySequence("Ctrl+O, G"));
    QVERIFY(keys.text().contains("already belongs to “Open picture…”"));
    keys.press(QKeySequence("Ctrl+K, G"));
    QVERIFY(!keys.text().contains("already belongs"));
    keys.dialog->accept();
    QCOMPARE(world.action("view.grid").shortcut(), QKeySequence("Ctrl+K, G"));
}

void ShellTest::oneAndAllGoBackToDefault() {
    World world(true);
    KeysDialog keys(world, "token grid");
    QVERIFY(!button(*keys.dialog, "Default").isEnabled());
    QVERIFY(!button(*keys.dialog, "All to default").isEnabled());
    keys.press(Qt::CTRL | Qt::Key_G);
    keys.find("quit");
    keys.press(Qt::CTRL | Qt::Key_J);
    keys.find("open model");
    keys.press(Qt::CTRL | Qt::Key_L);
    keys.click("Default");
    keys.dialog->accept();
    QCOMPARE(world.action("file.open-model").shortcut(), QKeySequence(Qt::CTRL | Qt::Key_M));
    QCOMPARE(world.action("file.quit").shortcut(), QKeySequence(Qt::CTRL | Qt::Key_J));
    KeysDialog again(world, "");
    again.click("All to default");
    again.dialog->accept();
    QCOMPARE(world.action("file.quit").shortcut(), QKeySequence(QKeySequence::Quit));
    QVERIFY(world.action("view.grid").shortcut().isEmpty());
    QSettings settings;
    settings.beginGroup("shortcuts");
    QCOMPARE(settings.allKeys(), QStringList());
}

void ShellTest::cancelledChangesAreForgotten() {
    World world(true);
    KeysDialog keys(world, "token grid");
    keys.press(Qt::CTRL | Qt::Key_G);
    keys.dialog->reject();
    QVERIFY(world.action("view.grid").shortcut().isEmpty());
    QVERIFY(!QSettings().contains("shortcuts/view.grid"));
}

void ShellTest::brokenSettingsLeaveTheDefaults() {
    QSettings settings;
    settings.setValue("shortcuts/file.quit", "no such keys");
    settings.setValue("shortcuts/removed.action", "Ctrl+O");
    settings.setValue("recent/files", QStringList{"nonsense", "picture:/a.png"});
    World world(true);
    QCOMPARE(world.action("file.quit").shortcut(), QKeySequence(QKeySequence::Quit));
    QCOMPARE(world.the<RecentFiles>().files(),
             (QList<RecentFile>{{RecentKind::Picture, "/a.png"}}));
}

// ---- Sheet ----

void ShellTest::sheetListsTheKeysInForce() {
    World world;
    KeysDialog keys(world, "open picture");
    keys.press(Qt::CTRL | Qt::Key_B);
    keys.dialog->accept();
    world.press(Qt::Key_F1);
    auto& dialog = *world.window.findChildren<ShortcutsDialog*>().last();
    const auto& table = *dialog.findChild<QTableWidget*>();
    QStringList keysOf, where;
    for (int row = 0; row < table.rowCount(); ++row) {
        where << table.item(row, 1)->text();
        keysOf << table.item(row, 2)->text();
    }
    QVERIFY(keysOf.contains("Ctrl+B"));
    QVERIFY(!keysOf.contains("Ctrl+O"));
    QVERIFY(keysOf.contains("F1, Ctrl+/"));
    QVERIFY(keysOf.contains("Alt+Left"));
    QVERIFY(where.contains("While the focus is in: the picture"));
}

void ShellTest::keysOfAPartOfTheWindowAreListedButStay() {
    World world;
    KeysDialog keys(world, "focus question new line");
    QVERIFY2(keys.text().contains("These keys can't be changed."), qPrintable(keys.text()));
    QVERIFY(!keys.dialog->findChild<QKeySequenceEdit*>()->isEnabled());
    keys.find("open picture");
    QVERIFY(keys.dialog->findChild<QKeySequenceEdit*>()->isEnabled());
}

// A key for "the third file of the list" would open another one tomorrow.
void ShellTest::recentFilesAreOfferedNoKeys() {
    World world;
    world.window.openFile(file("photo.png"));
    world.settle();
    QVERIFY(!world.the<RecentFiles>().files().isEmpty());
    KeysDialog keys(world, "recent");
    const auto& table = *keys.dialog->findChild<QTableWidget*>();
    for (int row = 0; row < table.rowCount(); ++row)
        if (!table.isRowHidden(row)) QCOMPARE(table.item(row, 0)->text(), "Clear list");
}

void ShellTest::sheetCanBeCopied() {
    World world;
    world.press(Qt::CTRL | Qt::Key_Slash);
    QTest::mouseClick(&button(world.the<ShortcutsDialog>(), "Copy"), Qt::LeftButton);
    const QString copied = QApplication::clipboard()->text();
    QVERIFY2(copied.startsWith("File\n  Ctrl+O"), qPrintable(copied));
    QVERIFY(copied.contains("  Open picture…\n"));
}

// ---- Recent files ----

void ShellTest::openedFilesAreListedNewestFirst() {
    const RecentFile photo{RecentKind::Picture, file("photo.png")};
    const RecentFile second{RecentKind::Picture, file("zweites Bild ä.png")};
    const RecentFile trace{RecentKind::Trace, file("answer.lvrtrace")};
    const RecentFile model{RecentKind::Model, "Qwen/Some-Model"};
    {
        World world(true);
        QVERIFY(world.the<RecentFiles>().files().isEmpty());
        world.window.openFile(photo.path);
        world.settle();
        world.window.openFile(second.path);
        world.settle();
        world.window.ask("What?");
        world.settle();
        world.window.saveTrace(trace.path);
        world.settle();
        world.window.openModel(model.path);
        world.settle();
        world.window.openFile(photo.path);
        world.settle();
        QCOMPARE(world.the<RecentFiles>().files(), (QList{photo, model, trace, second}));
        world.window.openFile(file("nothing.png"));
        world.settle();
        QCOMPARE(world.the<RecentFiles>().files().size(), 4);
    }
    World tomorrow(true);
    QCOMPARE(tomorrow.the<RecentFiles>().files(), (QList{photo, model, trace, second}));
    tomorrow.action("file.recent-4").trigger();
    QVERIFY(tomorrow.settled.wait(5000));
    QVERIFY(tomorrow.window.windowTitle().startsWith("zweites Bild ä.png"));
}

void ShellTest::goneFilesLeaveTheListWithASentence() {
    World world;
    auto& recent = world.the<RecentFiles>();
    recent.add({RecentKind::Picture, file("photo.png")});
    recent.add({RecentKind::Picture, file("was there.png")});
    Q_EMIT recent.menu()->aboutToShow();
    QTRY_VERIFY(world.action("file.recent-1").text().contains("gone"));
    QVERIFY(!world.action("file.recent-2").text().contains("gone"));
    QSignalSpy failed(&world.window, &MainWindow::failed);
    world.action("file.recent-1").trigger();
    QVERIFY(failed.wait(5000));
    QVERIFY2(world.window.message().contains("was there.png is no longer there"),
             qPrintable(world.window.message()));
    QCOMPARE(recent.files(), (QList<RecentFile>{{RecentKind::Picture, file("photo.png")}}));
}

void ShellTest::noMoreThanTwelveAreKeptAndTheListCanBeCleared() {
    World world(true);
    auto& recent = world.the<RecentFiles>();
    for (int i = 0; i < 15; ++i) recent.add({RecentKind::Dataset, QString("/data/%1.json").arg(i)});
    QCOMPARE(recent.files().size(), RecentFiles::kMost);
    QCOMPARE(recent.files().first().path, "/data/14.json");
    QCOMPARE(tipsOf(*recent.menu()).size(), RecentFiles::kMost + 1);
    world.action("file.recent-clear").trigger();
    QVERIFY(recent.files().isEmpty());
    QVERIFY(QSettings().value("recent/files").toStringList().isEmpty());
    QVERIFY(!world.action("file.recent-clear").isEnabled());
    QVERIFY(world.action("file.recent-none").isVisible());
}

void ShellTest::windowsThatDoNotRememberKeepNoList() {
    World world;
    world.window.openFile(file("photo.png"));
    world.settle();
    QCOMPARE(world.the<RecentFiles>().files().size(), 1);
    QVERIFY(!QSettings().contains("recent/files"));
}

// ---- Tour ----

void ShellTest::tourIsShownOnceAndAgainFromTheMenu() {
    {
        World world;
        auto& tour = world.the<Tour>();
        QVERIFY(!tour.isVisible());
        world.window.greet();
        QVERIFY(tour.isVisible());
        QCOMPARE(tour.stop(), 0);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
        QCOMPARE(tour.stop(), 1);
        QTest::mouseClick(&button(tour, "Next"), Qt::LeftButton);
        QCOMPARE(tour.stop(), 2);
        QTest::mouseClick(&button(tour, "Done"), Qt::LeftButton);
        QVERIFY(!tour.isVisible());
    }
    World tomorrow;
    tomorrow.window.greet();
    QVERIFY(!tomorrow.the<Tour>().isVisible());
    tomorrow.window.showWorkspace(WorkspaceId::Train);
    tomorrow.action("help.tour").trigger();
    QVERIFY(tomorrow.the<AskWorkspace>().isVisible());
    QVERIFY(tomorrow.the<Tour>().isVisible());
}

void ShellTest::tourStandsBesideWhatItSpeaksOf() {
    World world;
    auto& tour = world.the<Tour>();
    world.action("help.tour").trigger();
    tour.next();
    auto& question = world.the<QuestionLine>();
    for (const QSize size : {QSize(1280, 720), QSize(900, 600)}) {
        world.window.resize(size);
        QTRY_COMPARE(world.window.size(), size);
        QCoreApplication::processEvents();
        const QRect target(question.mapTo(&world.window, QPoint()), question.size());
        QVERIFY(world.window.rect().contains(tour.geometry()));
        QVERIFY(!tour.geometry().intersects(target));
    }
    // Everything else stays usable.
    question.setFocus();
    question.clear();
    QTest::keyClicks(&question, "Why?");
    QCOMPARE(question.toPlainText(), "Why?");
    QVERIFY(tour.isVisible());
}

void ShellTest::tourEndsWithEscape() {
    World world;
    world.action("help.tour").trigger();
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
    QVERIFY(!world.the<Tour>().isVisible());
}

// ---- Seeing and hearing ----

// As WCAG has it: 4.5 and more can be read.
double contrast(const QColor& a, const QColor& b) {
    const auto linear = [](double part) {
        return part <= 0.03928 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    const auto light = [&](const QColor& c) {
        return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) +
               0.0722 * linear(c.blueF()) + 0.05;
    };
    return std::max(light(a), light(b)) / std::min(light(a), light(b));
}

void ShellTest::textCanBeReadInBothColours_data() {
    QTest::addColumn<int>("theme");
    QTest::newRow("light") << static_cast<int>(Theme::Light);
    QTest::newRow("dark") << static_cast<int>(Theme::Dark);
}

void ShellTest::textCanBeReadInBothColours() {
    QFETCH(const int, theme);
    ThemeSwitch colours;
    colours.choose(static_cast<Theme>(theme));
    const QPalette palette = QApplication::palette();
    const std::pair<QPalette::ColorRole, QPalette::ColorRole> pairs[] = {
        {QPalette::WindowText, QPalette::Window},
        {QPalette::Text, QPalette::Base},
        {QPalette::Text, QPalette::AlternateBase},
        {QPalette::ButtonText, QPalette::Button},
        {QPalette::PlaceholderText, QPalette::Base},
        {QPalette::HighlightedText, QPalette::Highlight},
        {QPalette::ToolTipText, QPalette::ToolTipBase},
        {QPalette::Link, QPalette::Base}};
    for (const auto& [ink, paper] : pairs) {
        const double found = contrast(palette.color(ink), palette.color(paper));
        QVERIFY2(found >= 4.5, qPrintable(QString("%1 on %2: %3").arg(ink).arg(paper).arg(found)));
    }
}

void ShellTest::everyPartOfThePaletteHasAName() {
    World world;
    Palette palette(world);
    for (const QWidget* each :
         {static_cast<QWidget*>(&palette.line()), static_cast<QWidget*>(&palette.list())})
        QVERIFY(!each->accessibleName().isEmpty());
    const auto* item = palette.list().item(0);
    QVERIFY(item->data(Qt::AccessibleTextRole).toString().startsWith(item->text()));
}

// ---- Help ----

void ShellTest::aboutNamesVersionsAndLicence() {
    World world;
    world.action("help.about").trigger();
    auto& about = world.the<AboutDialog>();
    QStringList texts;
    for (auto* label : about.findChildren<QLabel*>()) texts << label->text();
    const QString text = texts.join('\n');
    for (const char* part :
         {"LVR Workbench 1.2.3", "LibTorch 9.9", "Qt 6", "General Public License"})
        QVERIFY2(text.contains(part), part);
    QTest::mouseClick(&button(about, "Copy"), Qt::LeftButton);
    QVERIFY(QApplication::clipboard()->text().contains("LibTorch 9.9"));
    QTest::mouseClick(&button(about, "Licence"), Qt::LeftButton);
    QVERIFY(world.the<TextPage>().findChild<QTextBrowser*>()->toPlainText().contains("GNU"));
}

void ShellTest::readmeIsInside() {
    World world;
    world.action("help.readme").trigger();
    const QString text = world.the<TextPage>().findChild<QTextBrowser*>()->toPlainText();
    QVERIFY(text.contains("Two commands"));
    QVERIFY(!text.contains("screenshots/"));
}

QTEST_MAIN(ShellTest)
#include "shell_test.moc"
