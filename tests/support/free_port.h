// Where processes of one test may meet.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QtGlobal>

// Of this machine alone; nobody listens there at this moment.
inline quint16 freePort() {
    sockaddr_in address{.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    bind(server, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(server, reinterpret_cast<sockaddr*>(&address), &size);
    close(server);
    return ntohs(address.sin_port);
}
