#pragma once

class QAction;
class QColor;
class QWidget;

namespace lvr {

// What menus and toolbar offer; owned by the window.
struct WindowActions {
    explicit WindowActions(QWidget* window);
    void recolour(const QColor& ink);  // the icons

    QAction* openPicture;
    QAction* openFolder;
    QAction* openData;
    QAction* paste;
    QAction* openTrace;
    QAction* saveTrace;
    QAction* exportAnswer;
    QAction* openModel;
    QAction* quit;
    QAction* newScene;
    QAction* ask;
    QAction* stop;
    QAction* compare;
};

}  // namespace lvr
