#pragma once

#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QtTest>

#include "app/window/main_window.h"
#include "tests/support/scripted_engine.h"
#include "widgets/token_stream.h"

namespace lvr {

// A window on the scripted engine, model open, scene shown.
struct World {
    Script script;
    MainWindow window;
    QSignalSpy settled{&window, &MainWindow::settled};

    // history: the folder of the conversations; empty: none are kept.
    explicit World(const std::filesystem::path& history = {})
        : window(servicesOf(script, history)) {
        window.show();
        window.newScene("chain");
        window.openModel({});
        settle();
    }
    void settle() { QVERIFY(!window.isBusy() || settled.wait(5000)); }
    void ask(const QString& text) {
        window.ask(text);
        settle();
    }
    template <class Widget>
    Widget& the() {
        return *window.findChild<Widget*>();
    }
    QPushButton& button(const QString& text) {
        for (auto* button : window.findChildren<QPushButton*>())
            if (button->text() == text) return *button;
        qFatal("no button %s", qPrintable(text));
    }
    QString verdict() {
        for (auto* label : window.findChildren<QLabel*>())
            if (label->accessibleName() == "Comparison with the known answer")
                return label->isHidden() ? QString() : label->text();
        return {};
    }
    int latents() { return the<TokenStream>().latentCount(); }
};

}  // namespace lvr
