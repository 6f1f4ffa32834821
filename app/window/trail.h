#pragma once

#include <QList>
#include <QObject>
#include <vector>

#include "app/ask/ask_workspace.h"

class QAction;

namespace lvr {

// The way back: what was on screen in Ask, picture by picture, as long as the window lives.
// Pictures that no file holds, drawn scenes and pasted ones, are in it too.
class Trail : public QObject {
    Q_OBJECT
public:
    static constexpr std::size_t kMost = 100;
    static constexpr std::size_t kMostBytes = std::size_t{1} << 29;  // of pictures and latents

    explicit Trail(AskWorkspace* ask, QWidget* window);
    QList<QAction*> actions() const { return {back_, forward_}; }
    void setFile(const QString& file) { file_ = file; }  // of what is on screen; empty: none
    const QString& file() const { return file_; }

Q_SIGNALS:
    void wentTo(const QString& file);  // what is on screen now; empty: no file holds it

private:
    struct Stop {
        AskPlace place;
        QString file;
    };
    QAction* add(const char* name, const QString& text, const QList<QKeySequence>& keys,
                 const QString& tip);
    void leave();
    void go(std::vector<Stop>& from, std::vector<Stop>& to);
    void makeRoom();
    void update();

    AskWorkspace* ask_;
    QAction* back_;
    QAction* forward_;
    std::vector<Stop> before_, after_;  // last: the nearest
    QString file_;
    bool going_ = false;
};

}  // namespace lvr
