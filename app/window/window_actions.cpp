#include "app/window/window_actions.h"

#include <QAction>
#include <QColor>
#include <QKeySequence>
#include <QWidget>

#include "app/look/icons.h"

namespace lvr {
namespace {

QAction* make(QWidget* window, const QString& text, const QKeySequence& keys, const QString& tip) {
    auto* action = new QAction(text, window);
    action->setShortcut(keys);
    const QString shortcut = keys.toString(QKeySequence::NativeText);
    action->setToolTip(shortcut.isEmpty() ? tip : QObject::tr("%1 (%2)").arg(tip, shortcut));
    return action;
}

}  // namespace

WindowActions::WindowActions(QWidget* window)
    : openPicture(make(window, QObject::tr("&Open picture…"), QKeySequence::Open,
                       QObject::tr("Open a picture or an .lvrtrace file"))),
      paste(make(window, QObject::tr("&Paste picture"), QKeySequence::Paste,
                 QObject::tr("Use the picture on the clipboard"))),
      openTrace(make(window, QObject::tr("Open &trace…"), Qt::CTRL | Qt::SHIFT | Qt::Key_O,
                     QObject::tr("Look at a saved answer again"))),
      saveTrace(make(window, QObject::tr("&Save trace…"), QKeySequence::Save,
                     QObject::tr("Keep this answer with picture and latents in one file"))),
      openModel(make(window, QObject::tr("Open &model…"), Qt::CTRL | Qt::Key_M,
                     QObject::tr("Open a Qwen2.5-VL or LVR checkpoint"))),
      quit(make(window, QObject::tr("&Quit"), QKeySequence::Quit, QObject::tr("Close the window"))),
      newScene(make(window, QObject::tr("&New scene"), QKeySequence::New,
                    QObject::tr("Draw a fresh scene with a question whose answer is known"))),
      ask(make(window, QObject::tr("&Ask"), Qt::CTRL | Qt::Key_Return,
               QObject::tr("Ask the question"))),
      stop(make(window, QObject::tr("S&top"), Qt::Key_Escape,
                QObject::tr("Stop; what is there stays"))) {}

void WindowActions::recolour(const QColor& ink) {
    openPicture->setIcon(icon(IconName::OpenPicture, ink));
    paste->setIcon(icon(IconName::Paste, ink));
    newScene->setIcon(icon(IconName::NewScene, ink));
    openModel->setIcon(icon(IconName::OpenModel, ink));
    saveTrace->setIcon(icon(IconName::SaveTrace, ink));
}

}  // namespace lvr
