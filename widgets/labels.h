#pragma once

#include <QLabel>

class QTextDocument;

namespace lvr {

// One line of text that never widens what it lies in: what has no room ends in "…", and the tool
// tip says all of it.
class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(QWidget* parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    QString line() const;  // all in one
    bool isCut() const;
};

// A label for text that a model said: it never widens what it lies in. A word without an end breaks
// anywhere, and what is longer than some lines ends in "…" (plain text) or is cut off. Its context
// menu copies all of it.
class FlowingLabel : public QLabel {
    Q_OBJECT
public:
    explicit FlowingLabel(QWidget* parent = nullptr, int mostLines = 6);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    void layOut(QTextDocument& document, int width) const;
    int mostHeight() const;

    int mostLines_;
};

}  // namespace lvr
