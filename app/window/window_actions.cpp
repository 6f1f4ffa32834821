#include "app/window/window_actions.h"

#include <QAction>
#include <QColor>
#include <QKeySequence>
#include <QWidget>

#include "app/shell/icons.h"
#include "widgets/action_tip.h"

namespace lvr {
namespace {

// `name` is what settings know it by, whatever it is called in the menu.
QAction* make(QWidget* window, const QString& name, const QString& text, const QKeySequence& keys,
              const QString& tip) {
    auto* action = new QAction(text, window);
    action->setObjectName(name);
    action->setShortcut(keys);
    action->setToolTip(tip);
    updateTip(*action);
    return action;
}

}  // namespace

WindowActions::WindowActions(QWidget* window)
    : openPicture(make(window, "file.open-picture", QObject::tr("&Open picture…"),
                       QKeySequence::Open, QObject::tr("Open a picture or an .lvrtrace file"))),
      openFolder(make(window, "file.open-folder", QObject::tr("Open &folder…"), {},
                      QObject::tr("Browse the pictures and traces of a folder"))),
      openData(make(window, "file.open-data", QObject::tr("Open &data…"), {},
                    QObject::tr("Browse the questions of a data file"))),
      paste(make(window, "file.paste", QObject::tr("&Paste picture"), QKeySequence::Paste,
                 QObject::tr("Use the picture on the clipboard"))),
      openTrace(make(window, "file.open-trace", QObject::tr("Open &trace…"),
                     Qt::CTRL | Qt::SHIFT | Qt::Key_O,
                     QObject::tr("Look at a saved answer again"))),
      saveTrace(make(window, "file.save-trace", QObject::tr("&Save trace…"), QKeySequence::Save,
                     QObject::tr("Keep this answer with picture and latents in one file"))),
      exportAnswer(make(window, "file.export", QObject::tr("&Export…"), Qt::CTRL | Qt::Key_E,
                        QObject::tr("Write the answer as figure, animation or numbers"))),
      openModel(make(window, "file.open-model", QObject::tr("Open &model…"), Qt::CTRL | Qt::Key_M,
                     QObject::tr("Open a Qwen2.5-VL or LVR checkpoint"))),
      quit(make(window, "file.quit", QObject::tr("&Quit"), QKeySequence::Quit,
                QObject::tr("Close the window"))),
      newScene(make(window, "scene.new", QObject::tr("&New scene"), QKeySequence::New,
                    QObject::tr("Draw a fresh scene with a question whose answer is known"))),
      ask(make(window, "ask.ask", QObject::tr("&Ask"), Qt::CTRL | Qt::Key_Return,
               QObject::tr("Ask the question"))),
      stop(make(window, "ask.stop", QObject::tr("S&top"), Qt::Key_Escape,
                QObject::tr("Stop; what is there stays"))),
      compare(make(window, "ask.compare", QObject::tr("&Compare strategies on this question"),
                   Qt::CTRL | Qt::SHIFT | Qt::Key_C,
                   QObject::tr("Ask it with every decoding strategy of Compare"))) {}

void WindowActions::recolour(const QColor& ink) {
    openPicture->setIcon(icon(IconName::OpenPicture, ink));
    paste->setIcon(icon(IconName::Paste, ink));
    newScene->setIcon(icon(IconName::NewScene, ink));
    openModel->setIcon(icon(IconName::OpenModel, ink));
    saveTrace->setIcon(icon(IconName::SaveTrace, ink));
}

}  // namespace lvr
