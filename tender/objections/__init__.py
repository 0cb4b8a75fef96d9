"""Objections, challenges and complaints."""
