#pragma once

#include <QImage>
#include <QPlainTextEdit>
#include <QUrl>

namespace lvr {

// Where the question is typed: Enter asks, Shift+Enter breaks the line. A picture or a file that is
// pasted or dropped here goes to the window instead of into the text.
class QuestionLine : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit QuestionLine(QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

Q_SIGNALS:
    void asked();
    void picturePasted(const QImage& picture);
    void filesGiven(const QList<QUrl>& files);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* source) const override;
    void insertFromMimeData(const QMimeData* source) override;
};

}  // namespace lvr
