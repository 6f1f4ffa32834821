#pragma once

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QSignalSpy>
#include <QtTest>

#include "app/ask/ask_workspace.h"
#include "app/ask/picture_panel.h"
#include "app/engine/lvr_engine.h"
#include "app/window/main_window.h"
#include "app/window/window_services.h"
#include "datasets/scenes/scenes.h"
#include "widgets/decode_form.h"
#include "widgets/message_bar.h"
#include "widgets/question_line.h"
#include "widgets/regions/region_json.h"
#include "widgets/regions/region_tool.h"

namespace lvr {

// A window as the program makes it: the shipped model, drawn scenes, a history on disk.
struct RealWindow {
    MainWindow window;

    explicit RealWindow(const QString& history)
        : window({.openEngine = openLvrEngine,
                  .sceneKinds = {"chain", "left-right"},
                  .newScene =
                      [index = std::uint64_t{0}](const std::string& kind) mutable {
                          return sceneSample(7, index++, kind, {});
                      },
                  .cachedCheckpoints = [] { return std::vector<std::string>(); },
                  .history = history.toStdU16String()}) {
        window.resize(1280, 720);
        window.show();
    }
    void begin() {
        window.newScene("chain");
        window.openModel({});
        settle();
    }
    void settle() { QTRY_VERIFY_WITH_TIMEOUT(!window.isBusy(), 60000); }
    void open(const QString& file) {
        window.openFile(file);
        settle();
    }
    void ask(const QString& question) {
        window.ask(question);
        settle();
    }
    template <class Widget>
    Widget& the() {
        return *window.findChild<Widget*>();
    }
    AskWorkspace& asks() { return the<AskWorkspace>(); }
    RegionTool& tool() { return the<PicturePanel>().regions(); }
    void draw(const std::vector<Box>& boxes) {  // as a person does who has them as text
        QGuiApplication::clipboard()->setText(toJson(boxes));
        tool().actions().paste->trigger();
    }
    QString line() { return the<QuestionLine>().toPlainText(); }
    void type(const QString& text) {
        the<QuestionLine>().selectAll();
        QTest::keyClicks(&the<QuestionLine>(), text);
    }
    QString label(const QString& name) {
        for (auto* label : window.findChildren<QLabel*>())
            if (label->accessibleName() == name)
                return label->isHidden() ? QString() : label->text();
        return {};
    }
    QAction& action(const QString& name) {
        for (auto* action : window.findChildren<QAction*>())
            if (action->objectName() == name) return *action;
        qFatal("no action %s", qPrintable(name));
    }
    QStringList sentences() {
        QStringList shown;
        for (const auto* bar : window.findChildren<MessageBar*>())
            if (!bar->sentence().isEmpty()) shown << bar->sentence();
        return shown;
    }
};

}  // namespace lvr
